//! One claim of "set in progress", what is written meanwhile, and its end, however it ends.

use std::collections::VecDeque;
use std::time::Duration;

use ipmi_wire::cmd::chassis::SetInProgress;
use ipmi_wire::cmd::transport::{
    GetLanConfigurationParameters, LanParameter, SetLanConfigurationParameters,
};
use ipmi_wire::{Channel, CompletionCode};
use tokio::time::sleep;

use super::config::{Absent, Known};
use super::plan::GATEWAY;
use super::setting::{LanSetting, Place};
use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};

/// A parameter that is to be written.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) place: Place,
    pub(super) wanted: LanParameter,
    /// What was there, if the BMC told.
    pub(super) before: Option<LanParameter>,
    /// What of it was asked for.
    pub(super) settings: Vec<LanSetting>,
    pub(super) state: State,
    /// What was read afterwards.
    pub(super) now: Known<LanParameter>,
    /// How often it was written.
    pub(super) tries: u8,
    /// Nobody asked for it: the BMC had changed it by itself.
    pub(super) implied: bool,
}

/// How far a write is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    /// It was sent; what came of it is to be seen.
    Written,
    /// What was before was sent after it.
    TakingBack,
    Kept,
    NotKept,
    Unverified,
    Refused {
        completion: CompletionCode,
        explained: Option<&'static str>,
    },
    TakenBack,
    NotTried,
    Unknown,
}

/// How fast parameters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    Brisk,
    /// With a pause before each: some BMCs lose what is set within a second of another setting
    /// (FreeIPMI's workaround `slowcommit`).
    Slow,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Everything was sent and taken.
    Done,
    /// Something was refused, and what was sent before was taken back.
    Refused,
    /// The BMC does not answer any more.
    Silent,
}

/// A claim of "set in progress", or what comes nearest to it on this BMC.
#[derive(Debug)]
pub(super) struct Transaction<'a> {
    pub(super) bmc: &'a Bmc,
    pub(super) channel: Channel,
    pub(super) pace: Pace,
    pub(super) ignore_lock: bool,
    /// The gateway that has to outlive a new mask.
    pub(super) gateway: Option<&'a LanParameter>,
    pub(super) claimed: bool,
}

/// Somebody else has setting under way. IPMI v2.0 §23.1.
const IN_PROGRESS: CompletionCode = CompletionCode(0x81);
const PAUSE: Duration = Duration::from_millis(1100);

/// The order in which parameters are written: what cuts nothing off first, then the source, without
/// which an address is refused, then mask, gateway and address (whoever is cut off by the new address
/// has said the rest), then who is let in; the VLAN last.
pub(super) const fn rank(selector: u8) -> u8 {
    match selector {
        4 => 1,
        6 => 2,
        12 => 3,
        3 => 4,
        5 => 5,
        51 | 56 | 64..=72 => 6,
        2 | 24 => 7,
        21 => 8,
        20 => 9,
        _ => 0,
    }
}

/// Mask, gateway and address: some BMCs judge one by the others, so what is refused at first may be
/// taken after them.
const fn is_network(place: Place) -> bool {
    matches!(place.selector, 3 | 6 | 12)
}

impl Transaction<'_> {
    /// Writes what is due, in this order; and adds what the BMC changed by itself and was put back.
    pub(super) async fn run(&mut self, writes: &mut Vec<Write>) -> Result<End, Error> {
        self.claim().await?;
        // From here on it is one session's: another would not see what is not committed yet.
        let session = self.bmc.session_id().await?;
        let due = writes.iter().enumerate().filter(|(_, write)| write.is_due());
        let mut queue: VecDeque<usize> = due.map(|(at, _)| at).collect();
        let mut put_off = Vec::new();
        let mut end = End::Done;
        while let Some(at) = queue.pop_front() {
            let Some(write) = writes.get_mut(at) else { continue };
            write.tries = write.tries.saturating_add(1);
            let outcome = self.set(session, write.wanted.clone()).await;
            match Answer::of(outcome) {
                Answer::Taken => write.state = State::Written,
                Answer::Silence => {
                    write.state = State::Written;
                    end = End::Silent;
                    break;
                }
                Answer::Refused(completion, explained) => {
                    write.state = State::Refused { completion, explained };
                    let place = write.place;
                    let of_network =
                        |at: &usize| writes.get(*at).is_some_and(|write| is_network(write.place));
                    let last = queue.iter().rposition(of_network);
                    if let Some(last) = last.filter(|_| is_network(place) && !put_off.contains(&at))
                    {
                        put_off.push(at);
                        queue.insert(last.saturating_add(1), at);
                        continue;
                    }
                    end = End::Refused;
                    break;
                }
            }
            if writes.get(at).is_some_and(|write| write.place.selector == 6) {
                let awaited = |at: &usize| writes.get(*at).is_some_and(|w| w.place == GATEWAY);
                if !queue.iter().any(awaited) {
                    self.guard_gateway(session, writes).await;
                }
            }
        }
        if end == End::Refused {
            end = self.take_back(session, writes, &queue).await;
        }
        if self.claimed && end != End::Silent {
            end = self.release(session, end).await;
        }
        Ok(end)
    }

    /// Claims "set in progress". BMCs that have no such parameter, or do not let it be set, are
    /// written to without.
    async fn claim(&mut self) -> Result<(), Error> {
        self.pause().await;
        let command = self.command(LanParameter::SetInProgress(SetInProgress::InProgress));
        match self.bmc.send_patiently(0, &command, IN_PROGRESS).await {
            Ok(()) => self.claimed = true,
            Err(error) => match error.completion() {
                Some(IN_PROGRESS) if self.ignore_lock => {}
                None
                | Some(
                    IN_PROGRESS
                    | CompletionCode::NODE_BUSY
                    | CompletionCode::INSUFFICIENT_PRIVILEGE,
                ) => return Err(error),
                Some(code) => tracing::debug!(%code, "'set in progress' cannot be claimed"),
            },
        }
        Ok(())
    }

    /// Commits, if all went well, and lets go. Whether a BMC knows "commit write" is its own affair
    /// (IPMI v2.0 Table 23-4).
    async fn release(&self, session: u32, end: End) -> End {
        if end == End::Done {
            let commit = LanParameter::SetInProgress(SetInProgress::CommitWrite);
            if let Answer::Silence = Answer::of(self.set(session, commit).await) {
                return End::Silent;
            }
        }
        let complete = LanParameter::SetInProgress(SetInProgress::Complete);
        match Answer::of(self.set(session, complete).await) {
            Answer::Taken => end,
            Answer::Refused(code, _) => {
                tracing::debug!(%code, "'set complete' was refused");
                end
            }
            Answer::Silence => End::Silent,
        }
    }

    /// Writes what was before over what was written, the last first.
    async fn take_back(&self, session: u32, writes: &mut [Write], queue: &VecDeque<usize>) -> End {
        for at in queue {
            if let Some(write) = writes.get_mut(*at) {
                write.state = State::NotTried;
            }
        }
        for write in writes.iter_mut().rev().filter(|write| write.state == State::Written) {
            let Some(before) = write.before.clone() else { continue };
            match Answer::of(self.set(session, before).await) {
                Answer::Taken => write.state = State::TakingBack,
                // It is seen afterwards what is in force.
                Answer::Refused(..) => {}
                Answer::Silence => return End::Silent,
            }
        }
        End::Refused
    }

    /// Inventec 5441 clears the gateway when the mask is set (`research/freeipmi.md` §4.8): it is
    /// looked at, and put back.
    async fn guard_gateway(&self, session: u32, writes: &mut Vec<Write>) {
        let own = writes.iter().position(|write| write.place == GATEWAY);
        let wanted = match own.and_then(|at| writes.get(at)) {
            Some(write) => write.wanted.clone(),
            None => match self.gateway {
                Some(gateway) => gateway.clone(),
                None => return,
            },
        };
        let LanParameter::DefaultGateway(gateway) = wanted else { return };
        let command = GetLanConfigurationParameters::of(self.channel, GATEWAY.selector);
        let now = self.bmc.send_in(session, &command).await;
        if !now.is_ok_and(|now| now.parameter.as_ref() != Some(&wanted))
            || self.set(session, wanted.clone()).await.is_err()
        {
            return;
        }
        match own.and_then(|at| writes.get_mut(at)) {
            Some(write) => write.state = State::Written,
            None => writes.push(Write {
                place: GATEWAY,
                before: Some(wanted.clone()),
                wanted,
                settings: vec![LanSetting::Gateway(gateway)],
                state: State::Written,
                now: Err(Absent::NotAsked),
                tries: 1,
                implied: true,
            }),
        }
    }

    async fn set(&self, session: u32, parameter: LanParameter) -> Result<(), Error> {
        self.pause().await;
        self.bmc.send_in(session, &self.command(parameter)).await
    }

    async fn pause(&self) {
        if self.pace == Pace::Slow {
            sleep(PAUSE).await;
        }
    }

    const fn command(&self, parameter: LanParameter) -> SetLanConfigurationParameters {
        SetLanConfigurationParameters { channel: self.channel, parameter }
    }
}

/// What a write came to.
enum Answer {
    /// Taken, or answered with something that nobody can read.
    Taken,
    Refused(CompletionCode, Option<&'static str>),
    Silence,
}

impl Answer {
    fn of(outcome: Result<(), Error>) -> Self {
        match outcome {
            Ok(()) => Self::Taken,
            Err(error) => match *error.kind {
                ErrorKind::Refused { completion, explained, .. } => {
                    Self::Refused(completion, explained)
                }
                ErrorKind::Malformed { .. } => Self::Taken,
                _ => Self::Silence,
            },
        }
    }
}
