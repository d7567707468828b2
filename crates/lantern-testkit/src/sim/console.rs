//! A console as a state machine: the real end, and somebody who has a list of things to do.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ipmi_session::console::{Config, Event, Failure, Session, Token};
use ipmi_session::{Secret, Timing};
use ipmi_wire::Effect;
use ipmi_wire::session::Username;

use super::Violation;
use super::ether::{Come, Ether, console_address};
use super::ledger::End;
use super::machine::{PASSWORD, USER};
use super::rng::{Rng, letters};
use super::scenario::Scenario;
use super::trace::Note;
use super::work::Work;

/// A console. It logs in when it has something to ask, and again when the session is worth nothing.
pub(super) struct Console {
    start: Instant,
    number: u16,
    life: u16,
    rng: Rng,
    /// It sends again what must not be done twice, in a new packet with the same number: ipmitool
    /// and FreeIPMI do (`research/ipmitool.md` §4, `research/freeipmi.md` §2.4).
    foreign: bool,
    config: Config,
    depth: usize,
    pause: Duration,
    bound: Duration,
    session: Option<Session>,
    waiting: VecDeque<(Token, usize)>,
    script: VecDeque<Work>,
    not_before: Duration,
    /// Whether the last of its tasks was answered.
    pub(super) answered: bool,
}

impl Console {
    pub(super) fn new(
        start: Instant,
        number: u16,
        foreign: bool,
        scenario: &Scenario,
        script: VecDeque<Work>,
        rng: Rng,
    ) -> Self {
        // What ipmitool does: a second, again and again.
        let second = Duration::from_secs(1);
        let ipmitool = Timing { initial: second, ceiling: second, deadline: second * 4 };
        let username = Username::new(USER).expect("short");
        let password = Secret::new(PASSWORD).expect("short");
        let config = Config {
            timing: if foreign { ipmitool } else { scenario.timing },
            suites: scenario.suites.clone(),
            protocol: scenario.protocol.clone(),
            refuses_replays: scenario.refuses_replays,
            ..Config::new(username, password)
        };
        Self {
            start,
            number,
            life: 0,
            rng,
            foreign,
            config,
            depth: scenario.depth,
            pause: scenario.pause,
            bound: scenario.bound(),
            session: None,
            waiting: VecDeque::new(),
            script,
            not_before: Duration::ZERO,
            answered: false,
        }
    }

    /// Whether there is nothing left to do.
    pub(super) fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.script.is_empty()
    }

    /// Which address it has.
    pub(super) fn address(&self) -> std::net::SocketAddr {
        console_address(self.number, self.life)
    }

    /// How much its session knows, in words.
    pub(super) fn size(&self) -> usize {
        letters(&format!("{:?}", self.session))
    }

    /// Gives it something to do.
    pub(super) fn ask(&mut self, now: Duration, work: Work) {
        self.script.push_back(work);
        self.not_before = self.not_before.max(now);
    }

    /// When [`wake`](Self::wake) is next due.
    pub(super) fn next(&self) -> Option<Duration> {
        let idle = self.waiting.is_empty() && !self.script.is_empty();
        let timeout = self.session.as_ref().and_then(Session::poll_timeout);
        let timeout = timeout.map(|at| at.saturating_duration_since(self.start));
        idle.then_some(self.not_before).into_iter().chain(timeout).min()
    }

    /// Does what is due.
    pub(super) fn wake(&mut self, now: Duration, ether: &mut Ether) -> Result<(), Violation> {
        let at = self.start + now;
        if let Some(session) = &mut self.session
            && session.poll_timeout().is_some_and(|due| due <= at)
        {
            session.handle_timeout(at, &mut self.rng);
            if session.poll_timeout().is_some_and(|due| due <= at) {
                session.handle_timeout(at, &mut self.rng);
                if session.poll_timeout().is_some_and(|due| due <= at) {
                    return Err(Violation::new("a console's time stands still"));
                }
            }
        }
        self.drain(now, ether)?;
        if self.waiting.is_empty() && !self.script.is_empty() && now >= self.not_before {
            self.begin(now, ether)?;
        }
        Ok(())
    }

    /// Takes in what comes from the BMC's address.
    pub(super) fn take(
        &mut self,
        now: Duration,
        what: &Come,
        ether: &mut Ether,
    ) -> Result<(), Violation> {
        let at = self.start + now;
        if let Some(session) = &mut self.session {
            match what {
                Come::Datagram(bytes) => session.handle_datagram(at, bytes, &mut self.rng),
                Come::Unreachable(what) => session.handle_unreachable(at, *what),
            }
        }
        self.drain(now, ether)
    }

    /// Its process ends and is started again: it knows nothing any more, and has another port.
    pub(super) fn die(&mut self, now: Duration, ether: &mut Ether) -> Result<(), Violation> {
        ether.trace.note(now, Note::ConsoleRestarts { console: self.number });
        for (_, task) in std::mem::take(&mut self.waiting) {
            ether.ledger.end(now, task, &End::Died)?;
        }
        self.session = None;
        self.life += 1;
        self.not_before = now + self.rng.duration(Duration::from_secs(1));
        Ok(())
    }

    /// Ends the session, as a program does before it ends.
    pub(super) fn leave(&mut self, now: Duration, ether: &mut Ether) -> Result<(), Violation> {
        if let Some(session) = &mut self.session {
            session.close(&mut self.rng);
        }
        self.drain(now, ether)
    }

    fn begin(&mut self, now: Duration, ether: &mut Ether) -> Result<(), Violation> {
        let at = self.start + now;
        let Self { session, rng, config, .. } = self;
        let session = session.get_or_insert_with(|| {
            Session::open(at, config.clone(), rng.next_u64() as u32 | 1, rng)
        });
        for work in self.script.drain(..self.depth.min(self.script.len())) {
            let mut call = work.call();
            if self.foreign && call.effect == Effect::Once {
                call.effect = Effect::Idempotent;
            }
            if call.effect == Effect::Read {
                call.abreast = u8::try_from(self.depth).unwrap_or(u8::MAX);
            }
            let task = ether.ledger.begin(now, self.number, work, self.bound, self.foreign);
            self.waiting.push_back((session.call(at, call, &mut self.rng), task));
        }
        self.drain(now, ether)
    }

    fn drain(&mut self, now: Duration, ether: &mut Ether) -> Result<(), Violation> {
        let was_busy = !self.waiting.is_empty();
        while let Some(event) = self.session.as_mut().and_then(Session::poll_event) {
            let (token, end) = match event {
                Event::Established { .. } => {
                    self.note(now, ether, "established");
                    continue;
                }
                Event::Noticed(quirk) => {
                    self.note(now, ether, quirk.name());
                    continue;
                }
                Event::Sol => return Err(Violation::new("Serial over LAN that nobody opened")),
                Event::Closed(why) => {
                    self.note(now, ether, if why.is_some() { "lost" } else { "closed" });
                    continue;
                }
                // No line is opened here.
                Event::Answer(token, response) => (token, End::Answer(response)),
                Event::Failed(token, failure) => (token, End::Failed(failure)),
            };
            let Some(at) = self.waiting.iter().position(|(waiting, _)| *waiting == token) else {
                return Err(Violation::new(format!("{end:?} for nobody")));
            };
            let Some((_, task)) = self.waiting.remove(at) else { continue };
            // What the session has sent since then is for the one that is the first now.
            self.transmit(now, ether);
            self.answered = matches!(end, End::Answer(_));
            if is_the_end(&end)
                && let Some(session) = &mut self.session
            {
                session.close(&mut self.rng);
            }
            let end = if self.foreign { as_foreign(end, ether.ledger.work(task)) } else { end };
            ether.ledger.end(now, task, &end)?;
        }
        self.transmit(now, ether);
        self.session.take_if(|session| session.is_closed());
        if was_busy && self.waiting.is_empty() {
            self.not_before = now + self.rng.duration(self.pause);
        }
        Ok(())
    }

    fn transmit(&mut self, now: Duration, ether: &mut Ether) {
        let (from, task) = (self.address(), self.waiting.front().map(|(_, task)| *task));
        while let Some(datagram) = self.session.as_mut().and_then(Session::poll_transmit) {
            ether.send(now, from, task, datagram);
        }
    }

    fn note(&self, now: Duration, ether: &Ether, what: &'static str) {
        ether.trace.note(now, Note::Session { console: self.number, what });
    }
}

/// Whether the session is worth nothing any more; as the client sees it.
const fn is_the_end(end: &End) -> bool {
    match end {
        End::Failed(failure) => {
            !matches!(failure, Failure::PrivilegeRefused { .. } | Failure::TooLong)
        }
        _ => false,
    }
}

/// A console that resends everything knows nothing of what it has not heard of.
fn as_foreign(end: End, work: Work) -> End {
    match end {
        End::Failed(Failure::NotSent | Failure::TooLong | Failure::PrivilegeRefused { .. }) => end,
        End::Failed(_) if work.is_once() => End::Failed(Failure::Uncertain),
        end => end,
    }
}
