/** Shows a hint above or below whatever part of `area` the pointer is on; `hint` says what, if anything. */
export function attachTooltip(area: HTMLElement, hint: (target: Element) => string | undefined): void {
  const tip = document.createElement("div");
  tip.className = "tooltip";
  // The same words are in the part's own description: read twice they would only be in the way.
  tip.ariaHidden = "true";
  const hide = () => {
    tip.remove();
    removeEventListener("scroll", hide, { capture: true });
  };
  area.addEventListener("pointerover", (event) => {
    const target = event.target as Element;
    const text = hint(target);
    if (text === undefined) return hide();
    tip.textContent = text;
    document.body.append(tip);
    addEventListener("scroll", hide, { capture: true, passive: true });
    const place = target.getBoundingClientRect();
    const left = Math.min(place.left + 8, innerWidth - tip.offsetWidth - 8);
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${place.bottom + 4}px`;
  });
  area.addEventListener("pointerleave", hide);
}
