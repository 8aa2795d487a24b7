// Photographs pages in headless Chromium, scrolled through once, and compares photographs. The task comes as JSON on
// standard input; playwright-core is the one that a file at task.modules would import.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const task = JSON.parse(await text(process.stdin));
const { chromium } = createRequire(task.modules)("playwright-core");
const PATIENCE = 20_000;
const QUIET = 250;
const AT_ONCE = 3;

const browser = await chromium.launch({
  executablePath: task.browser,
  headless: true,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-site-isolation-trials",
    `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${task.hosts}`,
    // Whatever is not to be asked directly goes to a proxy, which notes and refuses it.
    `--proxy-server=${task.proxy}`,
    `--proxy-bypass-list=<-loopback>;${task.direct}`,
  ],
});

// What is asked for, and what comes back.
function watched(page) {
  const found = { requests: [], console: [] };
  const noted = found.requests;
  const entries = new Map();
  const headers = [];
  const open = new Set();
  let since = Date.now();
  const ended = (request) => {
    open.delete(request);
    since = Date.now();
  };
  page.on("request", (request) => {
    if (!/^https?:/.test(request.url())) return;
    open.add(request);
    since = Date.now();
    const one = { url: request.url(), type: request.resourceType(), status: 0, error: "", dated: false };
    entries.set(request, one);
    noted.push(one);
  });
  page.on("response", (response) => {
    const one = entries.get(response.request());
    if (!one) return;
    one.status = response.status();
    // All headers: a page that may not read them is nevertheless given them.
    headers.push(response.allHeaders().then((all) => (one.dated = Object.keys(all).some((name) => name === "memento-datetime" || name.startsWith("x-archive-orig-"))), () => {}));
    since = Date.now();
  });
  page.on("requestfinished", ended);
  page.on("requestfailed", (request) => {
    ended(request);
    const one = entries.get(request);
    if (one) one.error = request.failure()?.errorText ?? "failed";
  });
  page.on("console", (line) => line.type() === "error" && found.console.push(line.text()));
  page.on("pageerror", (error) => found.console.push(String(error)));
  const quiet = async () => {
    const deadline = Date.now() + PATIENCE;
    while ((open.size || Date.now() - since < QUIET) && Date.now() < deadline) await page.waitForTimeout(40);
    await Promise.all(headers);
  };
  return { found, quiet };
}

// Scripts hear of what has come into view when the next frame is painted, which on a busy machine takes its time.
function painted(view) {
  return view.evaluate(
    () =>
      new Promise((done) => {
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 20)));
        setTimeout(done, 2000);
      }),
  );
}

async function scrolled(view, quiet) {
  const height = () => view.evaluate(() => document.documentElement.scrollHeight);
  for (let place = 0, steps = 0; steps < 80; place += 600, steps += 1) {
    await view.evaluate((y) => window.scrollTo({ top: y, behavior: "instant" }), place);
    await painted(view);
    const before = await height();
    if (place < before) continue;
    await quiet();
    await painted(view);
    if ((await height()) <= before) break;
  }
  await view.evaluate(() => window.scrollTo({ top: 0, behavior: "instant" }));
}

const context = (serviceWorkers) =>
  browser.newContext({
    viewport: { width: task.width, height: task.height },
    deviceScaleFactor: 1,
    timezoneId: "UTC",
    locale: "en-GB",
    serviceWorkers,
  });

// ReplayWeb.page with a package: its service worker answers under an address of its own.
async function opened({ base, source }) {
  const room = await context("allow");
  const page = await room.newPage();
  await page.goto(`${base}?source=${encodeURIComponent(source)}`);
  const ids = async () => {
    try {
      return (await (await fetch("w/api/coll-index")).json()).colls.map((one) => one.id);
    } catch {
      return [];
    }
  };
  const deadline = Date.now() + PATIENCE;
  let id;
  while (!(id = (await page.evaluate(ids)).at(-1))) {
    if (Date.now() > deadline) throw new Error("ReplayWeb.page does not open the package");
    await page.waitForTimeout(100);
  }
  await page.close();
  return { room, prefix: `${base}w/${id}/` };
}

// The page in a frame that is as large as the window: so it can be shown that wants to be within another.
async function inFrame(page, url, ground) {
  await page.goto(ground);
  await page.evaluate((address) => {
    document.body.style.margin = "0";
    const frame = document.createElement("iframe");
    frame.style = "display: block; border: 0; width: 100vw; height: 100vh";
    frame.src = address;
    document.body.replaceChildren(frame);
  }, url);
  const frame = await (await page.waitForSelector("iframe")).contentFrame();
  const deadline = Date.now() + PATIENCE;
  while (frame.url() === "about:blank" && Date.now() < deadline) await page.waitForTimeout(40);
  await frame.waitForLoadState("load", { timeout: PATIENCE });
  return frame;
}

async function photograph(visit, shown) {
  const own = shown?.room ?? (await context("block"));
  const page = await own.newPage();
  const { found, quiet } = watched(page);
  try {
    let view = page;
    if (task.ground) view = await inFrame(page, (shown ? `${shown.prefix}${task.wacz.at}mp_/` : "") + visit.url, task.ground);
    else await page.goto(visit.url, { waitUntil: "load", timeout: PATIENCE });
    await quiet();
    await scrolled(view, quiet);
    await view.evaluate(() => document.fonts.ready.then(() => true));
    found.title = await view.title();
    found.text = await view.evaluate(() => document.body?.innerText ?? "");
    // While it takes a picture of more than the window, Chromium lays the page out for a narrow one for a moment, and
    // asks for what that would show: no business of the page's.
    found.requests = [...found.requests];
    if (view !== page) {
      // A frame of another site is only painted within the window.
      const height = await view.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewportSize({ width: task.width, height });
      await quiet();
    }
    await page.screenshot({ path: visit.png, fullPage: view === page, animations: "disabled", caret: "hide" });
  } catch (error) {
    found.console.push(`not photographed: ${error}`);
  } finally {
    await (shown ? page : own).close();
  }
  return found;
}

// The share of the larger picture's pixels that a person would see to be different.
async function compare(page, [first, second]) {
  return page.evaluate(
    async ([one, other]) => {
      const load = async (base64) => {
        const blob = await (await fetch(`data:image/png;base64,${base64}`)).blob();
        const image = await createImageBitmap(blob);
        const canvas = new OffscreenCanvas(image.width, image.height);
        const context = canvas.getContext("2d", { willReadFrequently: true });
        context.drawImage(image, 0, 0);
        const { data } = context.getImageData(0, 0, image.width, image.height);
        return { width: image.width, height: image.height, data, whole: new Uint32Array(data.buffer) };
      };
      const [a, b] = [await load(one), await load(other)];
      const width = Math.min(a.width, b.width), height = Math.min(a.height, b.height);
      const all = Math.max(a.width, b.width) * Math.max(a.height, b.height);
      let differing = all - width * height;
      for (let y = 0; y < height; y += 1) {
        for (let x = 0; x < width; x += 1) {
          if (a.whole[y * a.width + x] === b.whole[y * b.width + x]) continue;
          const p = 4 * (y * a.width + x), q = 4 * (y * b.width + x);
          const red = a.data[p] - b.data[q], green = a.data[p + 1] - b.data[q + 1], blue = a.data[p + 2] - b.data[q + 2];
          const light = 0.299 * red + 0.587 * green + 0.114 * blue;
          // Brightness is seen finer than colour.
          if (Math.abs(light) > 8 || Math.abs(red - light) > 20 || Math.abs(blue - light) > 24) differing += 1;
        }
      }
      return differing / all;
    },
    [first, second],
  );
}

const result = { visits: [], differences: [] };
try {
  const shown = task.wacz && (await opened(task.wacz));
  const waiting = [...(task.visits ?? []).entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) result.visits[next[0]] = await photograph(next[1], shown);
  };
  // Of the pages of one profile, only that in front is painted.
  await Promise.all(Array.from({ length: shown ? 1 : AT_ONCE }, worker));
  if (task.compare?.length) {
    const page = await browser.newPage();
    for (const pair of task.compare) result.differences.push(await compare(page, pair));
  }
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(result));
