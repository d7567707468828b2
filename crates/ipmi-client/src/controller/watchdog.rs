//! The watchdog: a countdown that software on the machine winds up again and again, or else.
//! IPMI v2.0 §27.

use std::time::Duration;

use ipmi_wire::Command;
use ipmi_wire::cmd::app::{
    GetWatchdogTimer, PreTimeoutInterrupt, ResetWatchdogTimer, SetWatchdogTimer, TimeoutAction,
    TimerUse, WatchdogSettings, WatchdogTimer,
};

use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};

/// The watchdog as the BMC tells it, and as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watchdog {
    /// What the BMC says.
    pub timer: WatchdogTimer,
    /// Whether the countdown goes down. On some BMCs the timer seems to run for ever
    /// (`ignorestateflag`, `research/freeipmi.md` §4.6: Sun Fire X4100). `None` if nothing tells.
    pub counting: Option<bool>,
}

/// What is to be set; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WatchdogRequest {
    /// What it is used for.
    pub timer_use: Option<TimerUse>,
    /// What happens when it expires.
    pub action: Option<TimeoutAction>,
    /// What happens some time before.
    pub interrupt: Option<PreTimeoutInterrupt>,
    /// How long before, in seconds.
    pub pre_timeout: Option<u8>,
    /// How long it runs, in units of 100 ms.
    pub initial: Option<u16>,
    /// Whether its expiration is an event.
    pub log: Option<bool>,
    /// A timer that runs goes on, from the new start.
    pub dont_stop: bool,
    /// The expiration flags to clear, a bit for each [`TimerUse`].
    pub clear: u8,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchdogChange {
    /// What there was before.
    pub before: WatchdogTimer,
    /// What was asked for.
    pub asked: SetWatchdogTimer,
    /// What there is now.
    pub now: Watchdog,
}

/// How often an empty answer is asked for again (`watchdogempty`, `research/freeipmi.md` §4.8:
/// Supermicro's boards leave every other one empty).
const TRIES: u32 = 3;
/// Long enough for the countdown to be seen going down: it has tenths of a second.
const LOOK: Duration = Duration::from_millis(350);

impl Watchdog {
    /// Whether it runs, for all that can be seen.
    #[must_use]
    pub const fn runs(&self) -> bool {
        match self.counting {
            Some(counting) => counting,
            None => self.timer.running,
        }
    }
}

impl WatchdogChange {
    /// What the BMC did not keep, by name.
    #[must_use]
    pub fn dropped(&self) -> Vec<&'static str> {
        let (asked, now) = (&self.asked.settings, &self.now.timer.settings);
        let goes_on = self.asked.dont_stop && self.before.running;
        [
            ("use", asked.timer_use != now.timer_use),
            ("action", asked.action != now.action),
            ("interrupt", asked.interrupt != now.interrupt),
            ("pre_timeout", asked.pre_timeout != now.pre_timeout),
            ("timeout", asked.initial != now.initial),
            ("log", asked.dont_log != now.dont_log),
            ("expired", self.asked.clear & self.now.timer.expired != 0),
            ("stopped", !goes_on && self.now.runs()),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }
}

impl Bmc {
    /// The watchdog. If it is said to run, it is looked at twice, to see whether it does.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn watchdog(&self) -> Result<Watchdog, Error> {
        let first = self.watchdog_timer().await?;
        if !first.running || first.present.is_none() {
            return Ok(Watchdog { timer: first, counting: None });
        }
        tokio::time::sleep(LOOK).await;
        let timer = self.watchdog_timer().await?;
        // One that was wound up meanwhile counts, too.
        let counting = !timer.running || timer.present != first.present;
        Ok(Watchdog { timer, counting: Some(counting && timer.running) })
    }

    /// Sets the watchdog, which stops it unless the request says otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::NotPossible`], and nothing was set, if nobody has said yet what it is used for,
    /// and the request does not, either; else as [`Bmc::send`].
    pub async fn set_watchdog(&self, request: &WatchdogRequest) -> Result<WatchdogChange, Error> {
        let before = self.watchdog_timer().await?;
        let old = before.settings;
        let settings = WatchdogSettings {
            timer_use: request.timer_use.unwrap_or(old.timer_use),
            dont_log: request.log.map_or(old.dont_log, |log| !log),
            interrupt: request.interrupt.unwrap_or(old.interrupt),
            action: request.action.unwrap_or(old.action),
            pre_timeout: request.pre_timeout.unwrap_or(old.pre_timeout),
            initial: request.initial.unwrap_or(old.initial),
        };
        if matches!(settings.timer_use, TimerUse::Reserved(_)) {
            let why = "nobody has said yet what the timer is used for: the request has to";
            let kind = ErrorKind::NotPossible(why.to_owned());
            return Err(self.error(SetWatchdogTimer::NAME, kind));
        }
        let (dont_stop, clear) = (request.dont_stop, request.clear);
        let asked = SetWatchdogTimer { settings, dont_stop, clear };
        self.send(&asked).await?;
        Ok(WatchdogChange { before, asked, now: self.watchdog().await? })
    }

    /// Stops the watchdog, and leaves it as it is otherwise; one that was never set is stopped
    /// already.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn stop_watchdog(&self) -> Result<(Watchdog, bool), Error> {
        let timer = self.watchdog_timer().await?;
        if matches!(timer.settings.timer_use, TimerUse::Reserved(_)) && !timer.running {
            return Ok((Watchdog { timer, counting: None }, true));
        }
        let change = self.set_watchdog(&WatchdogRequest::default()).await?;
        Ok((change.now, !change.now.runs()))
    }

    /// Winds the watchdog up: starts it, or starts it again; and whether it runs then, or has
    /// expired already, as one does with no time at all.
    ///
    /// # Errors
    /// As [`Bmc::send`]; 80h of one that nobody has set yet.
    pub async fn wind_watchdog(&self) -> Result<(Watchdog, bool), Error> {
        self.send(&ResetWatchdogTimer).await?;
        let watchdog = self.watchdog().await?;
        let expired = watchdog.timer.expired & (1 << watchdog.timer.settings.timer_use.number());
        Ok((watchdog, watchdog.runs() || expired != 0))
    }

    async fn watchdog_timer(&self) -> Result<WatchdogTimer, Error> {
        let mut tries: u32 = 1;
        loop {
            match self.send(&GetWatchdogTimer).await {
                Err(error) if tries < TRIES && is_empty(&error) => {
                    tries = tries.saturating_add(1);
                }
                outcome => return outcome,
            }
        }
    }
}

fn is_empty(error: &Error) -> bool {
    matches!(&*error.kind, ErrorKind::Malformed { bytes, .. } if bytes.is_empty())
}
