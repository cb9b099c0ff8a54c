// What a steward does in a day, in a real browser against a demo gateway: signs in, looks around, decides a conflict,
// takes the decision back, reads the gaps, finds a person. Started by ./run. The steps build on each other, so the first
// that fails ends the scenario. With SCREENSHOTS=dir the pictures of the README are taken on the way.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { launch } from './browser.mjs';
import { startDemo } from './gateway.mjs';

const PERSONS = 3000;
const WHOLE_MS = 420_000;
const REASON = 'Kartu keluarga asli diperiksa, orangnya sama';
const REVOKED = 'Salah lihat, perlu diperiksa di lapangan';

const text = async (page, selector) => (await page.locator(selector).first().innerText()).trim();
const count = (words) => Number(words.replace(/\D/g, ''));

/** The steps in order: what is claimed, and how it is seen. `seen` carries what later steps need. */
const STEPS = [
  ['pages are for those who signed in', async ({ browser, page }) => {
    await browser.open('/konflik');
    assert.match(page.url(), /\/masuk\?kembali=%2Fkonflik$/);
  }],

  ['a wrong access code is refused in words', async ({ browser, page }) => {
    await page.fill('#kode', 'bukan-kode');
    await page.getByRole('button', { name: 'Masuk' }).click();
    assert.match(await text(page, '[role=alert]'), /tidak dikenal/);
    assert.equal(await page.inputValue('#kode'), '', 'the wrong code is not shown again');
    // The browser reports the refusal itself; anything else stays a complaint.
    const expected = browser.complaints.findIndex((complaint) => /status of 401/.test(complaint));
    if (expected >= 0) browser.complaints.splice(expected, 1);
  }],

  ['the right one leads to the page that was asked for', async ({ page, demo }) => {
    await page.fill('#kode', demo.code);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/konflik');
    assert.equal(await text(page, 'h1'), 'Antrian Konflik');
  }],

  ['the overview counts feeds, persons and open cases', async ({ browser, page, seen }) => {
    await browser.open('/');
    const figures = await page.locator('.figures dd').allInnerTexts();
    assert.ok(count(figures[0].split(/\s/)[0]) > PERSONS / 2, `persons: ${figures[0]}`);
    seen.open = count(await text(page, '.figures .strong a'));
    assert.ok(seen.open > 10, `open cases: ${seen.open}`);
    const feeds = page.locator('section[aria-labelledby=h-feed] tbody tr');
    assert.equal(await feeds.count(), 6);
    assert.ok(!(await feeds.allInnerTexts()).some((row) => /belum pernah/.test(row)), 'a feed was never pushed');
    await browser.picture('ringkasan', 980);
  }],

  ['the language can be changed and is remembered', async ({ browser, page }) => {
    await page.getByRole('link', { name: 'English' }).click();
    assert.equal(await text(page, 'h1'), 'Overview');
    await browser.open('/konflik');
    assert.equal(await text(page, 'h1'), 'Conflict queue');
    assert.equal(await page.getAttribute('html', 'lang'), 'en');
    await page.getByRole('link', { name: 'Indonesia' }).click();
    assert.equal(await text(page, 'h1'), 'Antrian Konflik');
  }],

  ['the queue lists what waits, and can be narrowed', async ({ browser, page, seen }) => {
    assert.equal(count(await text(page, '.total b')), seen.open, 'overview and queue count the same cases');
    await browser.picture('konflik', 900);
    await page.selectOption('#f-alasan', 'V1');
    await page.getByRole('button', { name: 'Terapkan' }).click();
    await page.waitForURL('**alasan=V1**');
    const narrowed = count(await text(page, '.total b'));
    assert.ok(narrowed > 0 && narrowed < seen.open, `${narrowed} of ${seen.open}`);
    const reasons = await page.locator('.queue tbody tr td:nth-child(3)').allInnerTexts();
    assert.ok(reasons.every((words) => /[Kk]embar/.test(words)), reasons.join(' | '));
  }],

  ['a case says why it is asked, in words', async ({ browser, page, seen }) => {
    if (browser.pictures) {
      await page.locator('.queue th a').nth(2).click();
      await browser.picture('konflik-satu');
      await browser.open('/konflik?alasan=V1');
    }
    const rows = page.locator('.queue tbody tr');
    const question = await rows.filter({ hasText: 'Orang yang sama?' }).first().locator('th a').getAttribute('href');
    await browser.open(question);
    seen.case = question;
    const body = await text(page, 'main');
    assert.doesNotMatch(body, /[a-z]_[a-z]|[A-Z]_[A-Z]/, 'a code without words stands on the page');
    assert.equal(await page.locator('.compare').first().locator('thead .letter').count() >= 2, true);
    assert.match(body, /Isi NIK/);
  }],

  ['its bars add up and reach the threshold from which a steward is asked', async ({ page }) => {
    const bits = (words) => Number(words.replace('\u2212', '-').replace(',', '.'));
    const parts = await page.locator('.waterfall tbody td.n').allInnerTexts();
    const sum = bits(await text(page, '.waterfall tfoot td.n'));
    const added = parts.map(bits).reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(added - sum) < 0.051 * parts.length, `${parts.join(' ')} is ${added}, not ${sum}`);
    const right = async (bar) => {
      const box = await bar.boundingBox();
      return box.x + box.width;
    };
    const total = await right(page.locator('.waterfall tfoot rect'));
    const review = (await page.locator('.waterfall tfoot line.review').boundingBox()).x;
    const link = (await page.locator('.waterfall tfoot line.link').boundingBox()).x;
    assert.ok(review <= total + 1 && review <= link + 1, `bar ends at ${total}, thresholds at ${review} and ${link}`);
  }],

  ['two persons stand behind the case', async ({ page, seen }) => {
    seen.persons = await page.locator('a[href^="/orang/"]').evaluateAll((links) => links.map((a) => a.pathname));
    assert.equal(seen.persons.length, 2, seen.persons.join(' '));
    const heads = await page.locator('.compare').first().locator('thead .code').allInnerTexts();
    seen.sources = heads.slice(0, 2).map((head) => head.trim());
    assert.ok(seen.sources[0] !== seen.sources[1] && seen.sources.every(Boolean), seen.sources.join(' '));
  }],

  ['the verdict can be given with the keyboard alone', async ({ page }) => {
    assert.ok(await tabTo(page, '#alasan'), 'Tab does not reach the reason');
    await page.keyboard.type(REASON);
    assert.ok(await tabTo(page, 'button[value=GABUNGKAN]', 3), 'Tab does not reach Gabungkan after the reason');
    const outline = await page.locator('button[value=GABUNGKAN]').evaluate((e) => getComputedStyle(e).outlineStyle);
    assert.notEqual(outline, 'none', 'the focus cannot be seen');
    await Promise.all([page.waitForURL('**?tersimpan=ya'), page.keyboard.press('Enter')]);
    assert.match(await text(page, '[role=status]'), /Keputusan tersimpan/);
  }],

  ['the case is decided, with verdict, reason and author', async ({ page }) => {
    assert.match(await text(page, '.title'), /Sudah diputus/);
    const history = await text(page, '.events');
    assert.match(history, new RegExp(`Gabungkan[^]*petugas-demo[^]*${REASON}`));
    assert.equal(await page.locator('button[value=GABUNGKAN]').count(), 0);
  }],

  ['it left the queue and stands among the decided', async ({ browser, page, seen }) => {
    await browser.open('/konflik');
    // It stood at the top; a decision may open another question, so the number of cases says little.
    assert.ok(!(await page.locator('.queue th a').evaluateAll((a) => a.map((x) => x.pathname))).includes(seen.case));
    await browser.open('/konflik?status=selesai');
    assert.ok((await page.locator('.queue th a').evaluateAll((a) => a.map((x) => x.pathname))).includes(seen.case));
  }],

  ['both records are one person now', async ({ browser, page, seen }) => {
    await browser.open(seen.case);
    const persons = await page.locator('a[href^="/orang/"]').evaluateAll((links) => links.map((a) => a.pathname));
    assert.equal(persons.length, 1, persons.join(' '));
    await browser.open(persons[0]);
    const cards = (await page.locator('.sources summary').allInnerTexts()).join('\n');
    for (const source of seen.sources) assert.ok(cards.includes(source), `${source} is not among\n${cards}`);
    assert.match(await text(page, 'section[aria-labelledby=h-hist]'), /Keputusan petugas/);
    // The number that was retired leads to the same person and says so.
    await browser.open(seen.persons.find((person) => person !== persons[0]));
    assert.match(await text(page, '[role=status]'), /sudah digabungkan/);
    seen.name = await text(page, 'h1');
    seen.born = await text(page, '.golden tr:has-text("Tanggal lahir") td');
  }],

  ['a person is found by name and birth date, and neither stands in the address', async ({ browser, page, seen }) => {
    await browser.open('/cari');
    await page.fill('#nama', seen.name);
    await page.fill('#tanggal_lahir', isoDay(seen.born));
    await page.locator('form:has(#nama) button').click();
    await page.locator('#h-found').waitFor();
    const found = await page.locator('section[aria-labelledby=h-found] tbody a').evaluateAll((a) => a.map((x) => x.pathname));
    assert.ok(seen.persons.some((person) => found.includes(person)), `${seen.persons} is not in ${found}`);
    assert.equal(new URL(page.url()).search, '');
  }],

  ['a person is found by the name alone, turned round and begun, and by the year', async ({ browser, page, seen }) => {
    await browser.open('/cari');
    const words = seen.name.toLowerCase().split(' ');
    await page.fill('#teks', words.reverse().map((word) => word.slice(0, 6)).join(' '));
    await page.fill('#lahir', isoDay(seen.born).slice(0, 4));
    await page.locator('form:has(#teks) button').click();
    await page.locator('#h-found').waitFor();
    const found = await page.locator('section[aria-labelledby=h-found] tbody a').evaluateAll((a) => a.map((x) => x.pathname));
    assert.ok(seen.persons.some((person) => found.includes(person)), `${seen.persons} is not in ${found}`);
    assert.equal(new URL(page.url()).search, '');
    await page.fill('#teks', seen.case.split('/').pop());
    await page.fill('#lahir', '');
    await page.locator('form:has(#teks) button').click();
    await page.locator('#h-found').waitFor();
    assert.match(await text(page, 'section[aria-labelledby=h-found]'), /Kasus dengan nomor ini|Tidak ada orang/);
  }],

  ['the verdict can be taken back', async ({ browser, page, seen }) => {
    await browser.open(seen.case);
    await page.fill('#alasan', REVOKED);
    await page.getByRole('button', { name: 'Batalkan' }).click();
    await page.waitForURL('**?tersimpan=ya');
    assert.match(await text(page, '.title'), /Belum diputus/);
    const persons = await page.locator('a[href^="/orang/"]').evaluateAll((links) => links.map((a) => a.pathname));
    assert.deepEqual(persons.sort(), [...seen.persons].sort(), 'the two persons are back under their numbers');
    assert.match(await text(page, '.events'), new RegExp(`${REASON}[^]*Batalkan[^]*${REVOKED}`));
    await browser.open('/konflik');
    assert.equal(count(await text(page, '.total b')), seen.open);
  }],

  ['the matrix has every rule once for whom it counts, and its columns add up', async ({ browser, page, seen }) => {
    await browser.open('/komplementaritas');
    await browser.picture('komplementaritas', 900);
    const tables = await page.locator('table.matrix').evaluateAll((all) => all.map((table) => {
      const number = (cell) => Number((cell?.querySelector('b')?.textContent ?? '0').replace(/\D/g, ''));
      const cells = (row) => [...row.querySelectorAll('td')].map(number);
      return {
        rules: [...table.querySelectorAll('thead abbr')].map((rule) => rule.textContent),
        heads: [...table.querySelectorAll('thead abbr')].map((rule) => rule.closest('th').textContent.replace(/\s+/g, ' ')),
        total: cells(table.querySelector('tr.all')),
        rows: [...table.querySelectorAll('tbody tr:not(.all)')].map(cells),
      };
    }));
    const rules = tables.flatMap((table) => table.rules);
    const heads = tables.flatMap((table) => table.heads);
    assert.equal(new Set(heads).size, heads.length, `a rule stands twice: ${heads}`);
    for (const wanted of ['G01', 'G05', 'O01', 'O08', 'O13', 'Q02']) assert.ok(rules.includes(wanted), wanted);
    for (const { rules: codes, total, rows } of tables) {
      codes.forEach((rule, at) => {
        const added = rows.reduce((sum, row) => sum + row[at], 0);
        assert.equal(added, total[at], `${rule}: the sub-districts add up to ${added}, all of them to ${total[at]}`);
      });
    }
    seen.gaps = tables[0].total[0];
    assert.ok(seen.gaps > 0, 'nobody lacks G01 in this world');
  }],

  ['a figure leads to its list, with names and what to do', async ({ browser, page, seen }) => {
    await page.locator('table.matrix tr.all a').first().click();
    await page.waitForURL('**/komplementaritas/G01**');
    assert.equal(count((await text(page, '#h-list')).split(' ')[0]), seen.gaps);
    const list = page.locator('table.findings tbody tr');
    assert.match(await list.first().innerText(), /Belum Menerima/);
    assert.doesNotMatch(await text(page, 'table.findings'), /[a-z]_[a-z]|[A-Z]_[A-Z]/, 'a note without words');
    assert.match(await text(page, 'main .note'), /Tindak lanjut/);
    const link = list.first().locator('th a');
    const name = (await link.innerText()).trim();
    await link.click();
    assert.equal(await text(page, 'h1'), name);
  }],

  ['on a phone nothing is wider than the screen', async ({ browser, page, seen }) => {
    const whole = page.viewportSize();
    await page.setViewportSize({ width: 390, height: 800 });
    for (const address of ['/', '/konflik', seen.case, seen.persons[0], '/komplementaritas', '/komplementaritas/G01', '/cari']) {
      await browser.open(address);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(over <= 0, `${address} is ${over} pixels too wide`);
    }
    await page.setViewportSize(whole);
  }],

  ['what does not exist is said in words', async ({ browser, page }) => {
    await browser.open('/konflik/C1-2', 404);
    assert.match(await text(page, 'h1'), /\S/);
    const expected = browser.complaints.findIndex((complaint) => /status of 404/.test(complaint));
    if (expected >= 0) browser.complaints.splice(expected, 1);
  }],

  ['no page showed a full NIK', async ({ demo, shown }) => {
    const niks = new Set();
    for (const feed of ['dinsos-anggota-keluarga', 'disdik-peserta-didik', 'dinkes-kepesertaan-jkn']) {
      const rows = await readFile(path.join(demo.dir, 'dunia', `${feed}.ndjson`), 'utf8');
      const written = [...rows.matchAll(/"nik(?:_[a-z]+)?":"(\d{16})"/g)].map(([, nik]) => nik);
      // Sixteen noughts are nobody's number, and may stand in a cursor.
      written.filter((nik) => !/^0+$/.test(nik)).forEach((nik) => niks.add(nik));
    }
    assert.ok(niks.size > 1000 && shown.length > 15, `${niks.size} numbers, ${shown.length} pages`);
    for (const { url, html } of shown) {
      const leaked = [...html.matchAll(/\d{16}/g)].filter(([digits]) => niks.has(digits));
      assert.equal(leaked.length, 0, `${url} shows ${leaked.length} full numbers`);
    }
  }],

  ['signing out ends the session', async ({ browser, page }) => {
    await browser.open('/');
    await page.getByRole('button', { name: 'Keluar' }).click();
    await page.waitForURL('**/masuk');
    await browser.open('/orang/P0000000001');
    assert.match(page.url(), /\/masuk/);
  }],

  ['an operator sends a spreadsheet with headings of its own, and corrects it', async ({ browser, page, demo, seen }) => {
    const rows = (await readFile(path.join(demo.dir, 'dunia', 'dinsos-anggota-keluarga.ndjson'), 'utf8'))
      .split('\n').slice(0, 300).map((line) => JSON.parse(line));
    const head = 'DAFTAR KELUARGA;;;;;;\n\nKode Baris;NIK KTP;Nama Lengkap;Tgl Lahir;L/P;ID Keluarga;Kode Desa';
    const list = (bad) => [head, ...rows.map((row, at) => [
      `LAMA-${at}`, row.nik ?? '', at < bad ? '' : row.nama, (row.tanggal_lahir ?? '').split('-').reverse().join('/'),
      { L: 'Laki-laki', P: 'Perempuan' }[row.jenis_kelamin] ?? '', row.id_keluarga, row.kode_desa ?? '',
    ].join(';'))].join('\n');
    const file = (bad) => ({ name: 'daftar.csv', mimeType: 'text/csv', buffer: Buffer.from(list(bad)) });
    let clicks = 0;
    const press = async (name) => {
      clicks += 1;
      await page.getByRole('button', { name, exact: true }).click();
      await page.waitForLoadState();
    };
    await browser.open('/masuk');
    await page.fill('#kode', demo.agency);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/kirim');
    await page.setInputFiles('#berkas', file(10));
    clicks += 1;
    await press('Periksa berkas');
    await page.getByLabel('Kode Baris', { exact: true }).first().selectOption('f:id_sumber');
    await page.fill('#tgl_data', '2025-11-21');
    clicks += 2;
    await press('Uji tanpa mengirim');
    assert.match(await text(page, '[aria-labelledby=h-tried]'), /10 ditolak/);
    assert.match(await text(page, '.title'), /Siap dikirim/);
    await browser.picture('kirim-periksa', 1100);
    await press('Kirim');
    await page.waitForURL('**/kiriman/**');
    assert.match(await text(page, '.title'), /10 baris ditolak, belum selesai/);
    assert.match(await text(page, '[aria-labelledby=h-refused] tbody'), /Nama/);
    const marked = await page.context().request.get(`${page.url().split('?')[0]}/tanda-terima.xlsx`);
    assert.equal(marked.status(), 200);
    assert.equal((await marked.body()).subarray(0, 2).toString(), 'PK', 'a workbook');
    await browser.picture('tanda-terima', 900);
    await page.setInputFiles('#berkas', file(0));
    clicks += 1;
    await press('Kirim perbaikan');
    await press('Kirim');
    await page.waitForURL('**/kiriman/**');
    const figures = await page.locator('.figures dd').allInnerTexts();
    assert.equal(count(figures[3]), 290, `unchanged: ${figures}`);
    assert.equal(count(figures[5]), 0, 'nothing is refused any more');
    assert.ok(clicks < 12, `${clicks} clicks`);
    seen.clicks = clicks;
  }],

  ['an auditor sees who saw a person, and no person', async ({ browser, page, demo, seen }) => {
    const person = seen.persons.toSorted()[0].slice('/orang/'.length); // a step before opened it, merged with the other
    await page.getByRole('button', { name: 'Keluar' }).click();
    await page.fill('#kode', demo.auditor);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/jejak');
    assert.equal(await page.locator('nav.menu a').count(), 1, 'nothing else is for an auditor');
    await page.fill('#orang', '3201014107709917');
    await page.getByRole('button', { name: 'Tampilkan jejak' }).click();
    assert.match(await text(page, '[role=alert]'), /bukan nomor orang/);
    assert.ok(!page.url().includes('3201'), 'what was typed stands in no address');
    await page.fill('#orang', person);
    await page.getByRole('button', { name: 'Tampilkan jejak' }).click();
    await page.waitForURL(`**/jejak/${person}`);
    const rows = await page.locator('[aria-labelledby=h-trail] tbody tr').allInnerTexts();
    assert.ok(rows.some((row) => /petugas-demo/.test(row) && /Membuka data orang ini/.test(row)), rows.join(' | '));
    assert.ok(rows.some((row) => /Memutus kasus/.test(row)), rows.join(' | '));
    await browser.picture('jejak', 900);
  }],

  ['no page asked another host or complained', async ({ browser, hosts, demo }) => {
    assert.deepEqual([...hosts], [new URL(demo.address).host]);
    assert.deepEqual(browser.complaints, []);
  }],
];

/** Presses Tab until the element has the focus. */
async function tabTo(page, selector, most = 80) {
  for (let pressed = 0; pressed < most; pressed += 1) {
    await page.keyboard.press('Tab');
    if (await page.locator(selector).evaluate((element) => element === document.activeElement)) return true;
  }
  return false;
}

/** `15 Juli 2015` as `2015-07-15`. */
function isoDay(words) {
  const months = ['Januari', 'Februari', 'Maret', 'April', 'Mei', 'Juni', 'Juli', 'Agustus', 'September', 'Oktober',
    'November', 'Desember'];
  const [, day, month, year] = /(\d+) (\S+) (\d{4})/.exec(words);
  return `${year}-${String(months.indexOf(month) + 1).padStart(2, '0')}-${day.padStart(2, '0')}`;
}

/** Adds pictures of a chosen height, and notes every address and page on the way. */
function watched(browser, folder) {
  const { page } = browser;
  const [hosts, shown] = [new Set(), []];
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
  page.on('load', async () => {
    const url = page.url();
    // A page that is left at once has no content any more; the next one is looked at instead.
    const html = await page.content().catch(() => '');
    shown.push({ url, html });
  });
  browser.pictures = Boolean(folder);
  browser.picture = async (name, height) => {
    if (!folder) return;
    const whole = page.viewportSize();
    await page.mouse.move(0, 0); // nothing is shown as pointed at
    if (height) await page.setViewportSize({ ...whole, height });
    await browser.screenshot(name, { fullPage: !height });
    await page.setViewportSize(whole);
  };
  return { browser, page, hosts, shown };
}

async function main() {
  const folder = process.env.SCREENSHOTS;
  console.log(`starting a demo gateway of ${PERSONS} persons`);
  const demo = await startDemo(process.env.PADAN_BIN, PERSONS);
  let [passed, failed] = [0, 0];
  let browser;
  const report = (ok, claim, why) => {
    if (ok) passed += 1;
    else failed += 1;
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${claim}${why ? `\n     ${why}` : ''}`);
  };
  try {
    browser = await launch({ baseURL: demo.address, screenshots: folder });
    const context = { ...watched(browser, folder), demo, seen: {} };
    for (const [claim, step] of STEPS) {
      await step(context).then(() => report(true, claim), (error) => report(false, claim, `${error.message}\n     on ${context.page.url()}`));
      if (failed > 0) break;
    }
  } catch (error) {
    report(false, 'the browser works', error.message);
  } finally {
    await browser?.close();
    const code = await demo.stop();
    report(code === 0, 'the gateway ends cleanly on Ctrl-C', code === 0 ? '' : `it ended with ${code}`);
  }
  const rest = STEPS.length + 1 - passed - failed;
  if (rest > 0) console.log(`${rest} steps were not reached`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

const late = setTimeout(() => {
  console.log(`not done after ${WHOLE_MS / 1000} s\n0 passed, 1 failed`);
  process.exit(1);
}, WHOLE_MS);
main().catch((error) => {
  console.log(`FAIL the demo starts\n     ${error.message}\n0 passed, 1 failed`);
  process.exitCode = 1;
}).finally(() => clearTimeout(late));
