/** The time as the pages show it, moved on twice a minute: deadlines count down without a call to the desk. */
let now = $state.raw(new Date());
setInterval(() => {
  now = new Date();
}, 30_000);

export function currentTime(): Date {
  return now;
}
