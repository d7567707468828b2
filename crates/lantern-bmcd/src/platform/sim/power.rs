//! The machine's main power, and what an operating system is doing with it.
//!
//! ```text
//!        switch on                begin shutdown
//!  Off ────────────► On ────────────────────────► On, going down
//!   ▲                │ ▲                             │  │
//!   │      off       │ └─────────── reset ───────────┘  │
//!   └────────────────┴──────────────────────────────────┘
//!                              off, or the time is up
//! ```

use std::time::{Duration, Instant};

use ipmi_bmc::platform::PowerCause;

/// Main power.
#[derive(Clone, Copy, Debug)]
pub(super) enum Power {
    Off,
    On(Running),
}

/// A machine that is on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Running {
    /// Since when; `None` from before the simulation began.
    since: Option<Instant>,
    /// A reset machine does no work until then.
    idle_until: Option<Instant>,
    shutdown: Option<Shutdown>,
}

/// An operating system on its way down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shutdown {
    /// When it will have switched the machine off.
    pub(super) done: Instant,
    /// Who asked it to.
    pub(super) cause: PowerCause,
}

impl Power {
    /// Just switched on.
    pub(super) fn on_since(now: Instant) -> Self {
        Self::On(Running { since: Some(now), ..Running::default() })
    }

    /// Whether main power is on.
    pub(super) const fn is_on(&self) -> bool {
        matches!(self, Self::On(_))
    }

    /// The shutdown under way.
    pub(super) const fn shutdown(&self) -> Option<Shutdown> {
        match self {
            Self::On(running) => running.shutdown,
            Self::Off => None,
        }
    }

    /// Whether the operating system has work to do at `now`.
    pub(super) fn works_at(&self, now: Instant) -> bool {
        match self {
            Self::On(running) => running.idle_until.is_none_or(|end| now >= end),
            Self::Off => false,
        }
    }

    /// Whether the tachometers can be believed at `now`.
    pub(super) fn tachometers_at(&self, now: Instant) -> bool {
        match self {
            Self::On(running) => running.since.is_none_or(|since| now >= since + TACHOMETER_DELAY),
            Self::Off => false,
        }
    }
}

impl Running {
    /// Asks the operating system to be down at `done`. The first to ask decides: it shuts down once.
    pub(super) fn begin_shutdown(&mut self, done: Instant, cause: PowerCause) {
        self.shutdown.get_or_insert(Shutdown { done, cause });
    }

    /// Starts the operating system anew: whatever it was about, it is gone.
    pub(super) fn reset(&mut self, now: Instant) {
        self.shutdown = None;
        self.idle_until = Some(now + RESET_TIME);
    }
}

/// How long a reset machine does no work.
const RESET_TIME: Duration = Duration::from_secs(3);
/// For how long after power-on the fans are not judged: they start from standstill.
const TACHOMETER_DELAY: Duration = Duration::from_secs(2);
