// Sends dropped files to the API, one after the other, and tells the page when one has ended.
// A file is never read into memory here: the browser streams it from disk.

const API = "/api/v1";
const TUS = { "Tus-Resumable": "1.0.0" };
const BYTES = "application/offset+octet-stream";
const RETRY_MS = 1500;
const GIVE_UP_MS = 120_000;

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
      if (file.size === 0) {
        row.fail("The file is empty. Copy it again from where it was recorded.");
        continue;
      }
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
  const answer = await call("POST", "/videos", JSON.stringify({ name, labels: [] }), {
    "Content-Type": "application/json",
  });
  return answer.json();
}

// The tus protocol (tus.io): after a cut, ask how much has arrived and go on from there.
async function transfer(file, videoId, row) {
  const metadata = `video_id ${base64(String(videoId))},filename ${base64(file.name)}`;
  const begun = await call("POST", "/uploads", undefined, {
    ...TUS,
    "Upload-Length": file.size,
    "Upload-Metadata": metadata,
  });
  const address = begun.headers.get("Location");
  let offset = 0;
  let lastArrival = performance.now();
  while (offset < file.size) {
    try {
      await append(address, file, offset, row);
      return;
    } catch (problem) {
      if (!(problem instanceof Cut)) throw problem;
    }
    row.say("connection lost, trying again …");
    await pause(RETRY_MS);
    const before = offset;
    offset = await arrived(address, offset);
    if (row.cancelled) throw new Error("Cancelled.");
    if (offset > before) lastArrival = performance.now();
    if (performance.now() - lastArrival > GIVE_UP_MS)
      throw new Error("The connection broke before the file had arrived. Upload it again.");
  }
}

class Cut extends Error {}

function append(address, file, offset, row) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    row.begin(offset);
    row.onCancel = () => request.abort();
    request.upload.onprogress = ({ loaded }) => row.progress(offset + loaded, file.size);
    request.onload = () => {
      if (request.status < 300) resolve();
      else if (request.status >= 502) reject(new Cut());
      else reject(new Error(sentenceOf(request.responseText)));
    };
    request.onerror = () => reject(new Cut());
    request.onabort = () => reject(new Error("Cancelled."));
    request.open("PATCH", address);
    const headers = { ...TUS, "Upload-Offset": offset, "Content-Type": BYTES };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.send(file.slice(offset));
  });
}

async function arrived(address, offset) {
  try {
    const answer = await fetch(address, { method: "HEAD", headers: TUS });
    if (answer.status === 404) throw new Error("The upload was given up. Upload the file again.");
    return answer.ok ? Number(answer.headers.get("Upload-Offset")) : offset;
  } catch (problem) {
    if (problem instanceof TypeError) return offset; // still no connection
    throw problem;
  }
}

async function call(method, path, body, headers) {
  const answer = await fetch(API + path, { method, headers, body });
  if (!answer.ok) throw new Error(sentenceOf(await answer.text()));
  return answer;
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
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
  let startedAt = 0;
  let startedFrom = 0;
  const row = {
    cancelled: false,
    onCancel: () => {},
    begin(offset) {
      startedAt = performance.now();
      startedFrom = offset;
    },
    progress(sent, total) {
      const seconds = Math.max((performance.now() - startedAt) / 1000, 0.1);
      const rate = (sent - startedFrom) / seconds;
      const left = rate > 0 ? `${timeText(Math.ceil((total - sent) / rate))} left` : "";
      bar.style.width = `${((100 * sent) / total).toFixed(1)}%`;
      said.textContent =
        sent < total
          ? `${Math.floor((100 * sent) / total)} % · ${sizeText(rate)}/s · ${left}`
          : "checking …";
    },
    say(words) {
      said.textContent = words;
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
  return `${bytes.toFixed(unit > 1 && bytes < 20 ? 1 : 0)} ${units[unit]}`;
}

function timeText(seconds) {
  const minutes = Math.floor(seconds / 60);
  return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
