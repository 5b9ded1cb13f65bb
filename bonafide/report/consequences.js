// Counts the table of consequences again for the share of machine voices that the reader types in. Without a script
// the table stays as the report has written it.
const form = document.getElementById('share-form')
const input = document.getElementById('share')
const CALLS = 1000

const whole = (count) => (count > 0 && count < 0.5 ? '<1' : String(Math.floor(count + 0.5)))

function count (row, share) {
  const { fpr, fnr, openHuman, openAi } = Object.fromEntries(Object.entries(row.dataset).map(([name, rate]) => [name, Number(rate)]))
  const human = CALLS * (1 - share)
  const ai = CALLS * share
  const wrong = human * fpr
  const caught = ai * (1 - fnr - openAi)
  return {
    false_alarms: whole(wrong),
    misses: whole(ai * fnr),
    open: whole(human * openHuman + ai * openAi),
    right_flags: wrong + caught > 0 ? `${whole(100 * caught / (wrong + caught))}\u00a0%` : '–'
  }
}

function show () {
  const percent = input.valueAsNumber
  const usable = percent >= 0 && percent <= 100
  input.setAttribute('aria-invalid', String(!usable))
  if (!usable) return
  document.getElementById('share-said').textContent = String(percent)
  for (const row of document.querySelectorAll('#consequences tr[data-fpr]')) {
    for (const [name, text] of Object.entries(count(row, percent / 100))) {
      row.querySelector(`[data-count=${name}]`).textContent = text
    }
  }
}

form.hidden = false
input.addEventListener('input', show)
form.addEventListener('submit', (event) => event.preventDefault())
