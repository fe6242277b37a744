// django-unfold's frame names neither the main part of a page nor its menus; screen readers jump by these.
document.getElementById("main")?.setAttribute("role", "main");
document.querySelectorAll("nav:not([aria-label])").forEach((nav, number) => {
  nav.setAttribute("aria-label", nav.id === "nav-sidebar-inner" ? "Areas" : `Menu ${number}`);
});
