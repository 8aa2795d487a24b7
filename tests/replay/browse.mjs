// Opens WACZ files in ReplayWeb.page in headless Chromium and tells what a reader sees, as JSON.
// The task comes as JSON on standard input; playwright-core is the one that a file at task.modules would import.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const task = JSON.parse(await text(process.stdin));
const { chromium } = createRequire(task.modules)("playwright-core");
const PATIENCE = 20_000;

const context = await chromium.launchPersistentContext(task.profile, {
  executablePath: task.browser,
  headless: true,
  viewport: { width: 1300, height: 850 },
  timezoneId: "UTC",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Whatever is not ReplayWeb.page or a package goes to a proxy, which notes and refuses it.
    `--proxy-server=${task.proxy}`,
    `--proxy-bypass-list=<-loopback>;${new URL(task.base).host}`,
  ],
});
context.setDefaultTimeout(PATIENCE);
const page = context.pages()[0];

async function listed() {
  return page.locator("wr-page-entry .page-title keyword-mark").evaluateAll((all) => all.map((one) => one.title));
}

async function until(fits) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const found = await fits();
    if (found || Date.now() > deadline) return found;
    await page.waitForTimeout(50);
  }
}

// The list of pages, and searching in it.
async function browse(visit) {
  const found = { pages: [], searches: {} };
  if (!visit.pages) return found;
  await until(async () => (found.pages = await listed()).length >= visit.pages);
  if (visit.screenshots) await page.screenshot({ path: `${visit.screenshots}-pages.png` });
  for (const [words, title] of Object.entries(visit.searches ?? {})) {
    await page.getByPlaceholder("Search by Page URL, Title, or Text").fill(words);
    await until(async () => {
      const titles = (found.searches[words] = await listed());
      return title ? titles[0] === title : !titles.length;
    });
  }
  return found;
}

// Bodies as replay gives them to the browser, without its additions.
async function fetched({ fetches = [] }) {
  const found = {};
  const ids = async () => (await (await fetch("w/api/coll-index")).json()).colls.map((one) => one.id);
  const known = await until(async () => (await page.evaluate(ids)).filter((id) => !seen.has(id)).at(-1));
  seen.add(known);
  for (const { url, timestamp } of fetches) {
    found[url] = await page.evaluate(async (address) => {
      const response = await fetch(address);
      let binary = "";
      for (const byte of new Uint8Array(await response.arrayBuffer())) binary += String.fromCharCode(byte);
      return { status: response.status, body: btoa(binary) };
    }, `w/${known}/${timestamp}id_/${url}`);
  }
  return found;
}
const seen = new Set();

// Pages as a reader sees them: the frame that ReplayWeb.page shows them in.
async function rendered(visit) {
  const found = {};
  for (const { url, timestamp, lands } of visit.renders ?? []) {
    await page.goto("about:blank");
    const place = new URLSearchParams({ view: "pages", url, ts: timestamp });
    await page.goto(`${task.base}?source=${encodeURIComponent(visit.source)}#${place}`);
    const wanted = (one) => one.url().includes("mp_/") && one.url().endsWith(lands ?? url);
    const frame = await until(() => page.frames().find(wanted));
    found[url] = { frames: page.frames().map((one) => one.url()) };
    if (!frame) continue;
    await frame.waitForLoadState("load");
    found[url].title = await frame.title();
    found[url].text = await frame.locator("body").innerText();
    if (visit.screenshots && url === visit.renders[0].url)
      await page.screenshot({ path: `${visit.screenshots}-article.png` });
  }
  return found;
}

const visits = [];
try {
  for (const visit of task.visits) {
    await page.goto("about:blank");
    await page.goto(`${task.base}?source=${encodeURIComponent(visit.source)}`);
    visits.push({ ...(await browse(visit)), fetched: await fetched(visit), rendered: await rendered(visit) });
  }
} finally {
  await context.close();
}
process.stdout.write(JSON.stringify(visits));
