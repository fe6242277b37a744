"""Personal data that does not leave the house: placeholders in what Claude is asked, the originals in what an agent sees.

Switched on by TRIAGE_MASKING. Names and postal addresses are not recognised.
"""

from triage.services.masking.masked import Masked, mask, masked_text
from triage.services.masking.patterns import check_pattern, forget
from triage.services.masking.restoring import Restorer

__all__ = ["Masked", "Restorer", "check_pattern", "forget", "mask", "masked_text"]
