// What axe does not see: sizes of text and targets, overflow, the frame of a page (ux.md AC2 to AC5). Returns faults.
({ least, target }) => {
  const faults = [];
  const shown = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getBoundingClientRect().width > 0;
  const name = (one) => `${one.tagName.toLowerCase()}.${one.className} "${(one.innerText || one.id || "").slice(0, 20)}"`;
  for (const one of document.querySelectorAll("body *")) {
    const says = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const size = parseFloat(getComputedStyle(one).fontSize);
    if (says && shown(one) && size < least) faults.push(`${name(one)} is ${size}px`);
  }
  if (least >= 24 && parseFloat(getComputedStyle(document.querySelector("h1")).fontSize) < 30) faults.push("h1 below 30px");
  for (const one of document.querySelectorAll("a, button, input, select, textarea, summary")) {
    if (one.matches("p a, p.actions a") && !one.matches(".btn")) continue;
    if (one.type === "hidden" || one.matches(".skip, .visually-hidden") || !shown(one)) continue;
    const box = (one.closest(".choice") || one).getBoundingClientRect();
    const need = one.matches(".btn-xl, .btn-primary") ? Math.max(target, one.matches(".btn-xl") ? 60 : 0) : 44;
    if (box.width < 44 || box.height < need - 0.5) faults.push(`${name(one)} is ${box.width} x ${box.height}`);
  }
  const spill = document.documentElement.scrollWidth - innerWidth;
  if (spill > 0) {
    const wide = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
    faults.push(`${spill}px too wide: ${wide.slice(-2).map(name)}`);
  }
  if (document.documentElement.lang !== "zh-CN") faults.push("lang");
  const first = document.querySelector("a, button, input:not([type=hidden])");
  if (!first.matches(".skip")) faults.push("the skip link is not the first");
  const viewport = document.querySelector("meta[name=viewport]").content;
  if (/user-scalable|maximum-scale/.test(viewport)) faults.push("zoom is hindered");
  for (const link of document.querySelectorAll(".summary a")) {
    if (!document.getElementById(decodeURIComponent(link.hash.slice(1)))) faults.push(`no field for ${link.hash}`);
  }
  return faults;
}
