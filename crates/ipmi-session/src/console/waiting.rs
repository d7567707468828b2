//! One request whose answer is waited for, and what is said of it.

use std::time::Instant;

use ipmi_wire::bridge::{Asked, Forwarded, Route};
use ipmi_wire::cmd::app::{SessionPrivilegeLevel, SetSessionPrivilegeLevel};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::{Command, CompletionCode, Decode, Effect, Privilege, Request, Response};

use super::shared::is_answer;
use super::{Core, Event, Failure, SessionError, Token};
use crate::timing::Tries;

#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) purpose: Purpose,
    pub(super) effect: Effect,
    /// With how many it may be in flight.
    pub(super) abreast: u8,
    /// It has been all the time.
    pub(super) alone: bool,
    pub(super) message: LanMessage,
    /// Where it goes, if that is not the BMC.
    pub(super) way: Option<Way>,
    /// The last packet around the message, where the very same one may be sent again.
    pub(super) datagram: Option<Vec<u8>>,
    /// Copies of this message, and of all messages for this purpose.
    pub(super) tries: Tries,
    pub(super) sent: u32,
    pub(super) started: Instant,
    /// When to send it again; `None` for what must not be repeated.
    pub(super) next: Option<Instant>,
    pub(super) deadline: Instant,
    /// "Node busy" was the answer so far.
    pub(super) busy: Option<Busy>,
    /// It is to find out whether the BMC is there, for somebody who looks at a console.
    pub(super) is_probe: bool,
    /// Answers came that fit but for their authentication code.
    pub(super) wrong_codes: u32,
}

/// Somebody has said that he is busy.
#[derive(Debug)]
pub(super) struct Busy {
    said: Said,
    times: u32,
    /// Nothing is on the way: the question will be asked anew.
    pausing: bool,
}

/// Whom an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Call(Token),
    /// Raising the session's privilege for a call, which may be taken back meanwhile.
    Raise(Privilege, Token),
    /// Nobody: to keep the session alive, or to find out whether the BMC understands.
    Keepalive,
}

/// A request on its way to a controller behind the BMC.
#[derive(Debug, Clone)]
pub(super) struct Way {
    route: Route,
    request: Request,
    /// How many controllers have said that they passed it on.
    pub(super) passed: u8,
}

/// What a message says of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// So many have passed it on.
    PassedOn(u8),
    /// The last word.
    Final(Said),
}

/// The last word on a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Answer(Response),
    /// It was not passed on, by the controller with this address.
    NotPassedOn {
        by: u8,
        completion: CompletionCode,
    },
}

impl Said {
    pub(super) const fn completion(&self) -> CompletionCode {
        match self {
            Self::Answer(response) => response.completion,
            Self::NotPassedOn { completion, .. } => *completion,
        }
    }
}

impl Way {
    pub(super) fn new(route: Route, request: &Request) -> Self {
        Self { route, request: request.clone(), passed: 0 }
    }

    /// What is sent to the BMC.
    pub(super) fn message(&self, sequence: u8) -> LanMessage {
        self.route.wrap(sequence, &self.request)
    }

    const fn is_all_the_way(&self) -> bool {
        self.passed >= self.route.layers()
    }
}

impl Waiting {
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.next.is_some_and(|next| now >= next)
    }

    pub(super) fn is_pausing(&self) -> bool {
        self.busy.as_ref().is_some_and(|busy| busy.pausing)
    }

    /// When to send again what was sent `copies` times.
    pub(super) fn next_try(&self, core: &Core, now: Instant, copies: u32) -> Instant {
        match self.way {
            Some(_) => core.next_bridged_try(now, copies),
            None if self.is_probe => core.next_probe(now, copies),
            None => core.next_try(now, copies),
        }
    }

    /// What `message`, a response, says of this request. Checksums inside of it count unless it is
    /// `vouched` for.
    pub(super) fn hear(&self, message: &LanMessage, vouched: bool) -> Option<Heard> {
        let Some(Way { route, request, passed }) = &self.way else {
            let response = message.to_response().filter(|_| is_answer(message, &self.message));
            return response.map(|response| Heard::Final(Said::Answer(response)));
        };
        let asked = Asked {
            sequence: self.message.sequence,
            netfn: request.netfn.number(),
            cmd: request.cmd,
        };
        Some(match route.read(asked, *passed, message, vouched)? {
            Forwarded::PassedOn(passed) => Heard::PassedOn(passed),
            Forwarded::Answer(response) => Heard::Final(Said::Answer(response)),
            // That is about a copy of what is under way already.
            Forwarded::Refused { completion, .. }
                if (*passed > 0 && completion == CompletionCode::NODE_BUSY)
                    || (self.tries.sent > 1
                        && completion == CompletionCode::DUPLICATED_REQUEST) =>
            {
                Heard::PassedOn(*passed)
            }
            Forwarded::Refused { by, completion } => {
                Heard::Final(Said::NotPassedOn { by, completion })
            }
        })
    }

    /// Whether another message may come about this request, now that `message` has `said` the last
    /// word: one that a controller on the way has passed it on, which was overtaken.
    pub(super) fn is_more_to_come(&self, message: &LanMessage, said: &Said) -> bool {
        let overtaken = |way: &Way| !way.is_all_the_way() && message.cmd == way.request.cmd;
        matches!(said, Said::Answer(_)) && self.way.as_ref().is_some_and(overtaken)
    }

    /// The question once more, under another number: a repeated one may be answered from memory,
    /// "busy" again.
    pub(super) fn ask_anew(&mut self, now: Instant, sequence: u8) {
        if let Some(busy) = &mut self.busy {
            busy.pausing = false;
        }
        self.tries = Tries::new(now);
        match &mut self.way {
            None => self.message.sequence = sequence,
            Some(way) => {
                way.passed = 0;
                self.message = way.message(sequence);
            }
        }
    }

    /// Somebody is busy: the same again after a pause, later each time. `None` if "busy" is the
    /// answer: because nobody waits for another, because every time counts and a BMC that is busy may
    /// do it all the same, or because the time is up.
    pub(super) fn pause(&self, core: &Core, now: Instant, said: &Said) -> Option<Self> {
        if self.purpose == Purpose::Keepalive || self.effect == Effect::Once {
            return None;
        }
        let times = self.busy.as_ref().map_or(1, |busy| busy.times.saturating_add(1));
        let next = self.next_try(core, now, times);
        (next < self.deadline).then(|| Self {
            message: self.message.clone(),
            way: self.way.clone(),
            datagram: None,
            next: Some(next),
            busy: Some(Busy { said: said.clone(), times, pausing: true }),
            ..*self
        })
    }

    /// Whether a caller changes the level of the session by it.
    pub(super) fn may_set_level(&self) -> bool {
        let (message, id) = (&self.message, SetSessionPrivilegeLevel::ID);
        matches!(self.purpose, Purpose::Call(_))
            && self.way.is_none()
            && (message.netfn, message.to_lun, message.cmd) == (id.netfn.number(), 0, id.cmd)
    }

    /// The level that the session has by now, if that is what was asked for.
    pub(super) fn level_set(&self, said: &Said) -> Option<Privilege> {
        let Said::Answer(response) = said else { return None };
        (self.may_set_level() && response.completion.is_ok()).then_some(())?;
        let level = *response.data.first()?;
        SessionPrivilegeLevel::decode_exact(&[level]).ok().map(|now| now.level)
    }

    /// What becomes of a call of which this was said.
    pub(super) fn event(&self, token: Token, now: Instant, said: Said) -> Event {
        let (by, completion) = match said {
            Said::Answer(response) => return Event::Answer(token, response),
            Said::NotPassedOn { by, completion } => (by, completion),
        };
        let Some(way) = &self.way else { return Event::Failed(token, Failure::Uncertain) };
        let doubt = way.is_all_the_way() || leaves_doubt(completion);
        let failure = match self.effect {
            Effect::Once if doubt => Failure::Uncertain,
            // Said after all have passed it on: it is the answer that failed to come.
            _ if way.is_all_the_way() => self.silence(now),
            _ => Failure::NotPassedOn { route: way.route, by, completion },
        };
        Event::Failed(token, failure)
    }

    /// How it ends if no answer comes.
    fn silence(&self, now: Instant) -> Failure {
        let (sent, waited) = (self.sent, now.saturating_duration_since(self.started));
        match (self.effect, self.wrong_codes, &self.way) {
            (Effect::Once, ..) => Failure::Uncertain,
            (_, 0, Some(Way { route, passed: 1.., .. })) => {
                Failure::SilentBehind { route: *route, sent, waited }
            }
            (_, 0, _) => Failure::NoAnswer { sent, waited },
            (_, answers, _) => Failure::WrongCode { answers, sent, waited },
        }
    }
}

/// Nobody waits for this answer any longer. An error if the session is over.
pub(super) fn give_up(
    core: &mut Core,
    now: Instant,
    mut waiting: Waiting,
) -> Result<(), SessionError> {
    match (waiting.purpose, waiting.busy.take()) {
        (Purpose::Call(token), Some(busy)) => {
            core.events.push_back(waiting.event(token, now, busy.said));
        }
        (Purpose::Call(token), None) => {
            core.events.push_back(Event::Failed(token, waiting.silence(now)));
        }
        (Purpose::Raise(wanted, token), Some(busy)) => {
            let completion = busy.said.completion();
            core.fail_queued(token, Failure::PrivilegeRefused { wanted, completion });
        }
        (Purpose::Raise(_, token), None) => core.fail_queued(token, waiting.silence(now)),
        // Nobody waits for this answer, but its absence means that the next call would wait
        // in vain: better to log in anew.
        (Purpose::Keepalive, _) => return Err(SessionError::Lost),
    }
    Ok(())
}

/// Whether a request that Send Message was refused for may be under way all the same: a bus error
/// may come after the last byte, and of the others nobody knows what came before. IPMI v2.0 §5.2,
/// §22.7.
const fn leaves_doubt(completion: CompletionCode) -> bool {
    const BUS_ERROR: CompletionCode = CompletionCode(0x82);
    matches!(
        completion,
        BUS_ERROR
            | CompletionCode::RESPONSE_UNAVAILABLE
            | CompletionCode::TIMEOUT
            | CompletionCode::UNSPECIFIED
    )
}
