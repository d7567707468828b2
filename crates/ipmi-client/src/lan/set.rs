//! Setting parameters as one, and proof of what came of it.
//!
//! "Set in progress" is claimed, what differs is written in an order in which nothing is cut off
//! before the rest is said, and the claim is completed. Then everything is read back, several times
//! over, for some BMCs apply late; what was not kept is written again, slowly, for some lose what
//! follows another setting within a second. Where a write is refused, what was written before is
//! taken back.
//!
//! The BMC may move while that happens: then it is looked for where it should be, and where it was,
//! and nothing is said of what nobody has read.

use std::time::Duration;

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::transport::LanParameter;
use tokio::time::{sleep, timeout};

use super::config::{Absent, Known};
use super::moved::{Reach, Whereabouts};
use super::plan::{GATEWAY, LanPlan, Planned};
use super::setting::LanSetting;
use super::transaction::{End, Pace, State, Transaction, Write, rank};
use crate::bmc::Bmc;
use crate::error::Error;

/// How parameters are set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LanSetOptions {
    /// Go on although somebody else has setting under way.
    pub ignore_lock: bool,
}

/// What came of a plan.
#[derive(Clone, Debug)]
pub struct LanSet {
    /// Every setting that was asked for, in that order.
    pub changes: Vec<LanChange>,
    /// What the BMC changed by itself and was put back: a gateway that a new mask had cleared.
    pub restored: Vec<LanChange>,
    /// Whether the BMC let "set in progress" be claimed; `None` if nothing had to be written.
    pub claimed: Option<bool>,
    /// How the BMC is reached now, if that may have changed.
    pub reach: Option<Reach>,
}

/// What came of a setting.
#[derive(Clone, Debug)]
pub struct LanChange {
    /// What was asked for.
    pub asked: LanSetting,
    /// What was before.
    pub before: Known<LanSetting>,
    /// What is in force now.
    pub now: Known<LanSetting>,
    /// What came of it.
    pub fate: Fate,
}

/// What came of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was so already, and was not written.
    Unchanged,
    /// It was written, and reads so.
    Kept,
    /// It was written, and the BMC does not let it be read.
    Unverified,
    /// The BMC took it, and something else is in force.
    NotKept,
    /// The BMC refused it.
    Refused {
        /// With this code.
        completion: CompletionCode,
        /// What the command says of it.
        explained: Option<&'static str>,
    },
    /// It was written, and taken back because something else was refused.
    TakenBack,
    /// It was not written, because something else was refused.
    NotTried,
    /// It may be in force, or not: the BMC is not to be found.
    Unknown,
}

/// How long a BMC is given to show what was set: three seconds in all.
const READ_BACK: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1600),
];
/// How often something is written that is not kept.
const TRIES: u8 = 2;
/// How many transactions there are at most: one, one for what the BMC changed by itself, and a slow
/// one.
const ROUNDS: u8 = 3;

impl Bmc {
    /// Does what a plan says. Only what differs is written.
    ///
    /// # Errors
    /// Nothing was set: "set in progress" was not to be had because somebody else has it (81h), the
    /// BMC wants more privilege, or it does not answer. What came of settings once something was
    /// written is in [`LanSet`].
    pub async fn set_lan(&self, plan: &LanPlan, options: LanSetOptions) -> Result<LanSet, Error> {
        let mut work = Work::new(plan);
        let mut claimed = None;
        // The claim of a session that is lost is ours, and in our way.
        let mut orphaned = false;
        let moves = !plan.risks().is_empty();
        let mut there = Whereabouts::new(self, plan).await?;
        for round in 0..ROUNDS {
            if !work.writes.iter().any(Write::is_due) {
                break;
            }
            let again = work.writes.iter().any(|write| write.tries > 0 && write.is_due());
            let slow = again || self.loses_what_comes_quickly();
            let gateway = plan.before.get(&GATEWAY).and_then(|known| known.as_ref().ok());
            let mut transaction = Transaction {
                bmc: there.bmc(),
                channel: plan.channel,
                pace: if slow { Pace::Slow } else { Pace::Brisk },
                ignore_lock: options.ignore_lock || orphaned,
                gateway,
                claimed: false,
            };
            let end = transaction.run(&mut work.writes).await;
            claimed = Some(transaction.claimed || claimed == Some(true));
            let end = match end {
                Ok(end) => end,
                Err(error) if round == 0 => return Err(error),
                // What was written before is told all the same.
                Err(error) if error.completion().is_some() => break,
                Err(_) => End::Silent,
            };
            orphaned |= end == End::Silent;
            let mut found = match end {
                End::Silent if moves => there.find().await,
                _ => true,
            };
            if found && !self.read_back(&there, plan, &mut work.writes, moves).await {
                found = there.find().await
                    && self.read_back(&there, plan, &mut work.writes, false).await;
            }
            if !found {
                work.writes.iter_mut().for_each(Write::lose);
                break;
            }
            let helped = |write: &Write| write.tries > 1 && write.state == State::Kept;
            if again && work.writes.iter().any(helped) {
                self.learn_slow_commit();
            }
            if matches!(end, End::Refused) {
                break;
            }
        }
        let reach = there.reach(plan, &work.writes).await;
        Ok(LanSet { changes: work.changes(plan), restored: work.restored(), claimed, reach })
    }

    /// Reads what was written until all of it is as it should be, or patience ends. `false` if the
    /// BMC does not answer.
    async fn read_back(
        &self,
        there: &Whereabouts,
        plan: &LanPlan,
        writes: &mut [Write],
        moves: bool,
    ) -> bool {
        for pause in READ_BACK {
            sleep(pause).await;
            for write in writes.iter_mut().filter(|write| write.is_open()) {
                let read = there.bmc().lan_parameter(plan.channel, write.place);
                // A BMC that has moved is not waited for longer than it takes to see that.
                let read = match moves {
                    true => match timeout(self.deadline(), read).await {
                        Ok(read) => read,
                        Err(_) => return false,
                    },
                    false => read.await,
                };
                match read {
                    Ok(known) => write.judge(known),
                    Err(_) => return false,
                }
            }
            if !writes.iter().any(Write::is_open) {
                break;
            }
        }
        writes.iter_mut().for_each(Write::give_up);
        true
    }
}

impl Write {
    /// Whether it has to be written (again).
    pub(super) const fn is_due(&self) -> bool {
        match self.state {
            State::Pending => true,
            State::NotKept => self.tries < TRIES,
            _ => false,
        }
    }

    /// Whether it has to be seen what came of it.
    const fn is_open(&self) -> bool {
        matches!(self.state, State::Written | State::TakingBack)
    }

    /// Whether everything that was asked for is in `parameter`.
    pub(super) fn is_in(&self, parameter: &LanParameter) -> bool {
        self.settings.iter().all(|setting| setting.present(parameter) == Some(*setting))
    }

    fn judge(&mut self, now: Known<LanParameter>) {
        self.state = match (&now, self.state) {
            (Ok(now), State::Written) if self.is_in(now) => State::Kept,
            (Ok(now), State::TakingBack) if self.before.as_ref() == Some(now) => State::TakenBack,
            (Err(_), State::Written) => State::Unverified,
            (_, state) => state,
        };
        self.now = now;
    }

    fn give_up(&mut self) {
        self.state = match self.state {
            State::Written | State::TakingBack => State::NotKept,
            state => state,
        };
    }

    /// The BMC is not to be found.
    const fn lose(&mut self) {
        self.state = match self.state {
            State::Written | State::TakingBack => State::Unknown,
            State::Pending => State::NotTried,
            state => state,
        };
    }
}

/// What is to be written, and what became of it.
struct Work {
    writes: Vec<Write>,
}

impl Work {
    fn new(plan: &LanPlan) -> Self {
        let mut writes: Vec<Write> = Vec::new();
        for planned in plan.needed() {
            let place = planned.asked.place();
            let known = plan.before.get(&place).and_then(|known| known.as_ref().ok());
            let so_far = writes.iter_mut().find(|write| write.place == place);
            let base = so_far.as_ref().map(|write| &write.wanted).or(known);
            let Some(wanted) = planned.asked.put(base) else { continue };
            match so_far {
                Some(write) => {
                    write.wanted = wanted;
                    write.settings.push(planned.asked);
                }
                None => writes.push(Write {
                    place,
                    wanted,
                    before: known.cloned(),
                    settings: vec![planned.asked],
                    state: State::Pending,
                    now: Err(Absent::NotAsked),
                    tries: 0,
                    implied: false,
                }),
            }
        }
        writes.sort_by_key(|write| (rank(write.place.selector), write.place));
        Self { writes }
    }

    fn changes(&self, plan: &LanPlan) -> Vec<LanChange> {
        let change = |planned: &Planned| {
            let (asked, before) = (planned.asked, planned.before.clone());
            if !planned.is_needed() {
                return LanChange { asked, now: before.clone(), before, fate: Fate::Unchanged };
            }
            match self.writes.iter().find(|write| write.place == asked.place()) {
                Some(write) => write.change(asked, before),
                None => {
                    let (now, fate) = (Err(Absent::NotAsked), Fate::NotTried);
                    LanChange { asked, before, now, fate }
                }
            }
        };
        plan.settings.iter().map(change).collect()
    }

    fn restored(&self) -> Vec<LanChange> {
        let implied = self.writes.iter().filter(|write| write.implied);
        implied
            .flat_map(|write| {
                write.settings.iter().map(|setting| write.change(*setting, Ok(*setting)))
            })
            .collect()
    }
}

impl Write {
    /// What came of a setting that is in here.
    fn change(&self, asked: LanSetting, before: Known<LanSetting>) -> LanChange {
        let now = self.now.as_ref().map_err(Clone::clone);
        let now = now.and_then(|now| asked.present(now).ok_or(Absent::NotAsked));
        let fate = match self.state {
            State::Kept => Fate::Kept,
            // Another part of the same parameter may be what was not kept.
            State::NotKept if now.as_ref() == Ok(&asked) => Fate::Kept,
            State::NotKept => Fate::NotKept,
            State::Unverified => Fate::Unverified,
            State::Refused { completion, explained } => Fate::Refused { completion, explained },
            State::TakenBack => Fate::TakenBack,
            State::Pending | State::NotTried => Fate::NotTried,
            State::Written | State::TakingBack | State::Unknown => Fate::Unknown,
        };
        LanChange { asked, before, now, fate }
    }
}
