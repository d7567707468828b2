//! Serial over LAN on an endpoint: between the sessions, which never wait, and whoever reads and
//! writes a console, who may.
//!
//! What a console does not read stays in its session, which takes no more from the BMC then; what
//! the session has no room for stays here, and its writer waits.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::{Duration, Instant};

use ipmi_session::console::Session;
use ipmi_session::sol::{Piece, Settings};
use ipmi_session::{Cover, Entropy};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::mux::Mux;

/// What a console asks of its line.
#[derive(Debug)]
pub(crate) enum LineCommand {
    /// Packets are taken from now on.
    Open(Box<Opening>),
    /// Characters are sent from now on, in payloads of this size.
    Start { payload: u16 },
    /// Sends these characters; `done` says that the session has all of them.
    Write { characters: Typed, done: oneshot::Sender<()> },
    /// Sends these flags, behind what was written.
    Flags(u8),
    /// What was heard last is read: there may be room for more.
    Read,
    /// How much of what was written is not acknowledged, and for how long.
    Look(oneshot::Sender<(usize, Option<Duration>)>),
    /// It is over.
    Close,
}

/// What somebody types.
pub(crate) struct Typed(pub(crate) Vec<u8>);

/// Without the characters: a password may be among them.
impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Typed({} characters)", self.0.len())
    }
}

#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) settings: Settings,
    pub(crate) cover: Cover,
    pub(crate) probe: Option<Duration>,
    pub(crate) heard: mpsc::Sender<LineHeard>,
    /// Whether there is a session that can have a line.
    pub(crate) opened: oneshot::Sender<bool>,
}

/// What a line has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LineHeard {
    /// Characters, or flags in their place among them.
    Piece(Piece),
    /// The flags that describe a state are these now.
    Levels(u8),
}

/// So much is read from a session at a time.
const CHUNK: usize = 4096;
/// So many pieces may wait for a console.
pub(crate) const PIECES: usize = 8;

/// The lines of an endpoint, by session.
#[derive(Default)]
pub(super) struct Lines(BTreeMap<u32, Line>);

struct Line {
    heard: mpsc::Sender<LineHeard>,
    levels: u8,
    writes: VecDeque<Write>,
}

struct Write {
    characters: Vec<u8>,
    taken: usize,
    /// `None` of flags, for which nobody waits.
    done: Option<oneshot::Sender<()>>,
    flags: u8,
}

impl Lines {
    /// Does what a console asks for.
    pub(super) fn obey(
        &mut self,
        now: Instant,
        id: u32,
        command: LineCommand,
        mux: &mut Mux,
        entropy: &mut dyn Entropy,
    ) {
        match command {
            LineCommand::Open(opening) => {
                let Opening { settings, cover, probe, heard, opened } = *opening;
                let open = |session: &mut Session| session.open_sol(now, settings, cover, probe);
                let is_open = mux.with_session(id, open).unwrap_or(false);
                if is_open {
                    self.0.insert(id, Line { heard, levels: 0, writes: VecDeque::new() });
                }
                let _ = opened.send(is_open);
            }
            LineCommand::Start { payload } => {
                mux.with_session(id, |session| session.start_sol(now, payload, entropy));
            }
            LineCommand::Write { characters, done } => {
                if let Some(line) = self.0.get_mut(&id) {
                    let done = Some(done);
                    let Typed(characters) = characters;
                    line.writes.push_back(Write { characters, taken: 0, done, flags: 0 });
                }
                self.serve(now, id, mux, entropy);
            }
            LineCommand::Flags(flags) => {
                if let Some(line) = self.0.get_mut(&id) {
                    let characters = Vec::new();
                    line.writes.push_back(Write { characters, taken: 0, done: None, flags });
                }
                self.serve(now, id, mux, entropy);
            }
            LineCommand::Read => self.serve(now, id, mux, entropy),
            LineCommand::Look(tell) => {
                let look = |session: &mut Session| {
                    let line = session.sol();
                    line.map(|line| (line.unacknowledged(), line.silence(now)))
                };
                if let Some(seen) = mux.with_session(id, look).flatten() {
                    let _ = tell.send(seen);
                }
            }
            LineCommand::Close => {
                self.0.remove(&id);
                mux.with_session(id, Session::close_sol);
            }
        }
    }

    /// Forgets the line of a session that is over.
    pub(super) fn forget(&mut self, id: u32) {
        self.0.remove(&id);
    }

    /// Hands out what was heard, and writes what waits, as far as either goes.
    pub(super) fn serve(
        &mut self,
        now: Instant,
        id: u32,
        mux: &mut Mux,
        entropy: &mut dyn Entropy,
    ) {
        let Some(line) = self.0.get_mut(&id) else { return };
        let outcome = mux.with_session(id, |session| line.serve(now, session, entropy));
        if outcome != Some(true) {
            // Nobody reads any more.
            self.0.remove(&id);
            mux.with_session(id, Session::close_sol);
        }
    }
}

impl Line {
    /// Whether anybody still reads.
    fn serve(&mut self, now: Instant, session: &mut Session, entropy: &mut dyn Entropy) -> bool {
        while let Some(write) = self.writes.front_mut() {
            let rest = write.characters.get(write.taken..).unwrap_or_default();
            write.taken = write.taken.saturating_add(session.write_sol(now, rest, entropy));
            if write.taken < write.characters.len() {
                break;
            }
            let Some(write) = self.writes.pop_front() else { break };
            if write.flags != 0 {
                session.write_sol_flags(now, write.flags, entropy);
            }
            // Who does not wait any more does not want to know.
            let _ = write.done.map(|done| done.send(()));
        }
        loop {
            let room = match self.heard.try_reserve() {
                Ok(room) => room,
                Err(TrySendError::Full(())) => return true,
                Err(TrySendError::Closed(())) => return false,
            };
            if let Some(piece) = session.read_sol(now, CHUNK, entropy) {
                room.send(LineHeard::Piece(piece));
                continue;
            }
            let levels = session.sol().map_or(self.levels, |line| line.levels());
            if levels == self.levels {
                return true;
            }
            self.levels = levels;
            room.send(LineHeard::Levels(levels));
        }
    }
}
