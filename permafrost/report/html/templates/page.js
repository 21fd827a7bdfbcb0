// Unpacks Vega, then draws each chart into its place. Without Vega the tables open: they hold the same numbers.
(() => {
  "use strict";
  const { config, specs } = JSON.parse(document.getElementById("charts").textContent);
  const views = {};

  async function unpack() {
    const packed = Uint8Array.from(atob(document.getElementById("vega").textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    // In a function of its own: the bundle's names are short and would become global ones.
    script.textContent = `(function () {${await new Response(stream).text()}\n})();`;
    document.head.append(script);
  }

  async function draw() {
    await unpack();
    for (const [name, spec] of Object.entries(specs)) {
      const place = document.getElementById(`chart-${name}`);
      const options = { renderer: "svg", actions: false, config, tooltip: { theme: "custom" } };
      views[name] = (await window.vegaEmbed(place, spec, options)).view;
    }
    // Names below an axis are turned where a chart is narrow: only then is it known how high they are.
    const refit = () => Promise.all(Object.values(views).map((view) => view.resize().runAsync()));
    await refit();
    await refit(); // and then the height of the whole
    let waiting;
    window.addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(refit, 150);
    });
    for (const select of document.querySelectorAll("select[data-chart]")) {
      const show = () => views[select.dataset.chart].signal("shown", select.value).runAsync();
      select.addEventListener("change", show);
      show(); // a browser may have kept the choice of an earlier visit
    }
    document.documentElement.classList.add("drawn");
  }

  draw().catch((error) => {
    console.error(error);
    document.documentElement.classList.add("undrawn");
    for (const details of document.querySelectorAll("figure details")) details.open = true;
  });
})();
