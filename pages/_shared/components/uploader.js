// Sends dropped files to the API, one after the other, and tells the page when one has ended.
// A file is never read into memory here: the browser streams it from disk.

const API = "/api/v1";

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".uploader");
  const limit = data.max_bytes;
  root.querySelector(".limit").textContent = `up to ${sizeText(limit)} each`;
  if (root.dataset.ready) return;
  root.dataset.ready = "yes";

  const zone = root.querySelector(".zone");
  const input = root.querySelector("input");
  const list = root.querySelector(".files");
  let queue = Promise.resolve();
  let waiting = 0;

  const add = (files) => {
    for (const file of files) {
      const row = addRow(list, file.name);
      if (file.size > limit) {
        row.fail(`Larger than ${sizeText(limit)}, the limit of this installation.`);
        continue;
      }
      waiting += 1;
      queue = queue.then(() => send(file, row, changed)).finally(() => (waiting -= 1));
    }
  };
  // Inside the render function a trigger would stick; later it does not.
  const changed = () => setTimeout(() => setTriggerValue("changed", Date.now()), 0);

  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = "";
  });
  for (const kind of ["dragenter", "dragover"]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    add([...event.dataTransfer.files]);
  });
  const guard = (event) => {
    if (waiting) event.preventDefault();
  };
  window.addEventListener("beforeunload", guard);
  return () => window.removeEventListener("beforeunload", guard);
}

async function send(file, row, changed) {
  if (row.cancelled) return;
  let video;
  try {
    video = await create(file.name.replace(/\.[^.]+$/, "") || file.name);
    await transfer(file, video.id, row);
    row.finish();
  } catch (problem) {
    row.fail(problem.message);
    // A card that holds neither file nor labels would only be in the way.
    if (video) await fetch(`${API}/videos/${video.id}`, { method: "DELETE" });
  }
  changed();
}

async function create(name) {
  const answer = await fetch(`${API}/videos`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name, labels: [] }),
  });
  if (!answer.ok) throw new Error(sentenceOf(await answer.text()));
  return answer.json();
}

function transfer(file, videoId, row) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const started = performance.now();
    row.onCancel = () => request.abort();
    request.upload.onprogress = ({ loaded, total }) => {
      const seconds = (performance.now() - started) / 1000;
      row.progress(loaded / total, loaded, seconds);
    };
    request.onload = () =>
      request.status < 300 ? resolve() : reject(new Error(sentenceOf(request.responseText)));
    request.onerror = () =>
      reject(new Error("The connection broke before the file had arrived. Upload it again."));
    request.onabort = () => reject(new Error("Cancelled."));
    request.open("POST", `${API}/videos/${videoId}/data`);
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  });
}

function sentenceOf(body) {
  try {
    return JSON.parse(body).error.message;
  } catch {
    return "The server did not answer as expected. Try again.";
  }
}

function addRow(list, name) {
  const item = document.createElement("li");
  item.innerHTML =
    '<span class="name"></span><span class="said">waiting</span>' +
    '<button type="button" title="Cancel">✕</button><span class="bar"><i></i></span>';
  item.querySelector(".name").textContent = name;
  const said = item.querySelector(".said");
  const bar = item.querySelector("i");
  const button = item.querySelector("button");
  const row = {
    cancelled: false,
    onCancel: () => {},
    progress(share, loaded, seconds) {
      bar.style.width = `${(100 * share).toFixed(1)}%`;
      const rate = loaded / Math.max(seconds, 0.1);
      const left = Math.ceil((loaded / share - loaded) / rate);
      said.textContent =
        share < 1
          ? `${Math.floor(100 * share)} % · ${sizeText(rate)}/s · ${timeText(left)} left`
          : "checking …";
    },
    finish() {
      item.className = "done";
      bar.style.width = "100%";
      said.textContent = "uploaded";
      button.remove();
      setTimeout(() => item.remove(), 4000);
    },
    fail(message) {
      item.className = "failed";
      bar.style.width = "100%";
      said.textContent = message;
      button.title = "Dismiss";
      button.onclick = () => item.remove();
    },
  };
  button.onclick = () => {
    row.cancelled = true;
    row.onCancel();
    item.remove();
  };
  list.append(item);
  return row;
}

function sizeText(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${bytes.toFixed(unit > 1 ? 1 : 0)} ${units[unit]}`;
}

function timeText(seconds) {
  const minutes = Math.floor(seconds / 60);
  return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
