// Saves a picture of the page as SVG or PNG, from what the browser has drawn: no server, no outside address.
// A button names its chart (data-of, a Streamlit key), the file, and the words that travel with the picture.
(() => {
  if (window.vigilSavePicture) return;
  window.vigilSavePicture = true;
  const SVG = "http://www.w3.org/2000/svg";
  const HEAD = 30, FOOT = 24, SHARPNESS = 2;

  function element(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    return made;
  }

  // Plotly draws in layers of several svg elements, one above the other.
  function whole(graph, words) {
    const layers = [...graph.querySelectorAll(".main-svg")];
    const { width, height } = layers[0].getBoundingClientRect();
    const ground = getComputedStyle(layers[0]).backgroundColor;
    const ink = getComputedStyle(graph.querySelector("text") || graph).fill;
    const font = "'Source Sans', 'Source Sans Pro', 'Noto Sans SC', sans-serif";
    const full = height + HEAD + FOOT;
    const svg = element("svg", { xmlns: SVG, width, height: full, viewBox: `0 0 ${width} ${full}` });
    svg.append(
      element("title", {}, words.title),
      element("desc", {}, words.note),
      element("rect", { width, height: full, fill: ground }),
      element("text", { x: 4, y: 20, fill: ink, "font-family": font, "font-size": 16, "font-weight": 600 }, words.title),
      element("text", { x: 4, y: full - 8, fill: ink, "font-family": font, "font-size": 11 }, words.note),
    );
    for (const layer of layers) {
      const copy = element("g", { transform: `translate(0 ${HEAD})` });
      copy.append(...[...layer.cloneNode(true).childNodes]);
      copy.querySelectorAll(".hoverlayer, .drag").forEach(part => part.remove());
      svg.append(copy);
    }
    return { svg, width, height: full };
  }

  // Patterns and clips are named with the address of the page, which a file does not have.
  function written(svg) {
    const text = new XMLSerializer().serializeToString(svg);
    return text.replace(/url\((?:&quot;|["'])?[^)#]*#([^)"'&]+)(?:&quot;|["'])?\)/g, "url(#$1)");
  }

  function hand_over(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function save_png(picture, name) {
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      canvas.width = picture.width * SHARPNESS;
      canvas.height = picture.height * SHARPNESS;
      const drawing = canvas.getContext("2d");
      drawing.scale(SHARPNESS, SHARPNESS);
      drawing.drawImage(image, 0, 0, picture.width, picture.height);
      URL.revokeObjectURL(image.src);
      canvas.toBlob(blob => hand_over(blob, name), "image/png");
    };
    image.src = URL.createObjectURL(new Blob([written(picture.svg)], { type: "image/svg+xml" }));
  }

  document.addEventListener("click", event => {
    const button = event.target.closest(".vigil-save");
    const graph = button && document.querySelector(`.st-key-${CSS.escape(button.dataset.of)} .js-plotly-plot`);
    if (!graph) return;
    const picture = whole(graph, button.dataset);
    const name = `${button.dataset.name}.${button.dataset.format}`;
    if (button.dataset.format === "png") save_png(picture, name);
    else hand_over(new Blob([written(picture.svg)], { type: "image/svg+xml" }), name);
  });
})();
