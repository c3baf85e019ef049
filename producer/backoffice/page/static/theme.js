/* Light or dark, before anything is painted; a classic script, so that nothing flashes. */
(() => {
  const kept = localStorage.getItem("restyle.theme");
  if (kept) document.documentElement.dataset.theme = kept;
})();
