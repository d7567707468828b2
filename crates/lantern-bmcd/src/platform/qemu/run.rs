//! A QEMU that runs, as far as the task knows it.

use std::time::Duration;

use ipmi_bmc::platform::PowerCause;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::boot::First;
use super::process::Process;
use super::qmp::{Event, Link, QmpError};

/// How long QEMU has to answer a command before it is taken for one that does not.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// Pauses between attempts to reach the monitor, while QEMU starts and later on. They double.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(10);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// How often its log is looked at, and whether it answers. Tests have less time.
pub(super) const LOOKING: Duration =
    if cfg!(test) { Duration::from_millis(400) } else { Duration::from_secs(20) };

/// A QEMU that runs.
pub(super) struct Run {
    pub(super) process: Process,
    pub(super) link: Option<Link>,
    /// The next attempt to reach its monitor, and the pause behind it.
    pub(super) next_attempt: Instant,
    pub(super) pause: Duration,
    /// Since when its monitor is being reached for.
    pub(super) since: Instant,
    /// That its monitor cannot be reached has been told.
    pub(super) is_told: bool,
    /// How it was started, and what the next start is to be.
    pub(super) arguments: Vec<String>,
    pub(super) first: Option<First>,
    /// It has been let go.
    pub(super) is_going: bool,
    /// Its monitor answers, and its state is known.
    pub(super) is_reached: bool,
    /// The last start of the machine in it.
    pub(super) last_start: Option<Instant>,
    /// What puts the boot order back, and when that is to be done.
    pub(super) restore: Option<(Instant, Vec<(String, i64)>)>,
    /// The operating system is to have shut down until then.
    pub(super) soft_off: Option<Instant>,
    /// Why it is about to end, and when it is to have done so.
    pub(super) ending: Option<(PowerCause, Instant)>,
    pub(super) has_panicked: bool,
    /// Its processors stand still.
    pub(super) is_paused: bool,
    /// It has not answered what it was last asked.
    pub(super) is_silent: bool,
    /// When its log and itself are next looked at.
    pub(super) next_look: Instant,
}

impl Run {
    /// One that has just been started, or found.
    pub(super) fn new(process: Process, arguments: Vec<String>, first: Option<First>) -> Self {
        let now = Instant::now();
        Self {
            process,
            link: None,
            next_attempt: now + FIRST_PAUSE,
            pause: FIRST_PAUSE,
            since: now,
            is_told: false,
            arguments,
            first,
            is_going: false,
            is_reached: false,
            last_start: None,
            restore: None,
            soft_off: None,
            ending: None,
            has_panicked: false,
            is_paused: false,
            is_silent: false,
            next_look: now + LOOKING,
        }
    }

    /// The link, if QEMU is ready for commands.
    fn link(&mut self) -> Option<&mut Link> {
        self.link.as_mut().filter(|link| link.is_ready())
    }

    /// Whether QEMU is ready for commands.
    pub(super) fn is_linked(&self) -> bool {
        self.link.as_ref().is_some_and(Link::is_ready)
    }

    /// Has QEMU do something. A link that is of no more use is dropped.
    pub(super) async fn execute(
        &mut self,
        command: &str,
        arguments: Value,
    ) -> Result<Value, QmpError> {
        let Some(link) = self.link() else {
            return Err(QmpError::Silent { what: command.to_owned(), patience: Duration::ZERO });
        };
        let outcome = link.execute(command, arguments, PATIENCE).await;
        self.is_silent = matches!(outcome, Err(QmpError::Silent { .. }));
        if outcome.as_ref().is_err_and(QmpError::ends_the_link) {
            self.drop_link();
        }
        outcome
    }

    /// Forgets a link that is of no more use.
    pub(super) fn drop_link(&mut self) {
        (self.link, self.is_reached) = (None, false);
        let now = Instant::now();
        (self.since, self.pause, self.next_attempt) = (now, FIRST_PAUSE, now + FIRST_PAUSE);
    }

    /// Asks QEMU how the machine is: whether its processors run, and in QEMU's word.
    pub(super) async fn ask_status(&mut self) -> Result<(bool, String), QmpError> {
        let status = self.execute("query-status", json!({})).await?;
        let running = status.get("running").and_then(Value::as_bool).unwrap_or(true);
        self.is_paused = !running;
        let word = status.get("status").and_then(Value::as_str).unwrap_or_default();
        Ok((running, word.to_owned()))
    }

    /// When there is next something to do.
    pub(super) fn due(&self) -> Instant {
        let attempt = (!self.is_reached).then_some(self.next_attempt);
        let others = [
            attempt,
            self.restore.as_ref().map(|(at, _)| *at).filter(|_| self.is_linked()),
            self.soft_off,
            self.ending.map(|(_, at)| at),
        ];
        others.into_iter().flatten().min().unwrap_or(self.next_look).min(self.next_look)
    }

    /// The next event; none as long as there is no link.
    pub(super) async fn event(link: &mut Option<Link>) -> Result<Event, QmpError> {
        match link.as_mut().filter(|link| link.is_ready()) {
            Some(link) => link.event().await,
            None => std::future::pending().await,
        }
    }
}
