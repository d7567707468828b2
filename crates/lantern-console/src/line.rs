//! One console, kept: it is got, served, lost, and got back, until it is told to stop.
//!
//! A BMC that is silent is tried again soon and for ever: that is what this is for. One that says no
//! is left alone for a while: a wrong password that is tried every few seconds locks people out.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::frame::State;
use crate::room::{Key, Room};

/// How a console is got.
pub trait Dial: Send + Sync + 'static {
    /// What is got.
    type Line: Line;

    /// Tries once. `before` is what the line was known by that was lost ([`Line::token`]), if there
    /// was one: who has it may be nobody but ourselves.
    fn dial(&self, before: Option<u32>)
    -> impl Future<Output = Result<Self::Line, Refusal>> + Send;
}

/// A console that is open.
pub trait Line: Send + 'static {
    /// What comes next. Waiting may be given up and taken up again.
    fn next(&mut self) -> impl Future<Output = Heard> + Send;

    /// Sends characters, once there is room for them.
    fn write(&self, characters: Vec<u8>) -> impl Future<Output = ()> + Send + 'static;

    /// Sends a break, behind what was written.
    fn send_break(&self);

    /// What the other end knows it by.
    fn token(&self) -> Option<u32>;

    /// Gives it back.
    fn hang_up(self) -> impl Future<Output = ()> + Send;
}

/// What a line has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Characters of the machine.
    Characters(Vec<u8>),
    /// Something else that is worth a line in the log.
    Note(String),
    /// It is over.
    Ended(Refusal),
}

/// Why there is no line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For people.
    pub why: String,
    /// When it may be otherwise.
    pub hope: Hope,
}

/// When another try may end otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hope {
    /// In seconds: nobody answers.
    Soon,
    /// In half a minute: somebody else has it.
    Later,
    /// Not by itself: a password is wrong, say. Tried again all the same, but seldom.
    Little,
}

/// Pauses between tries where there is hope: from this, doubling, to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// Where somebody else has it.
const LATER: Duration = Duration::from_secs(30);
/// Where little can be hoped for.
const SELDOM: Duration = Duration::from_secs(300);
/// How long a console may take to be given back.
const HANG_UP: Duration = Duration::from_millis(3500);

/// What a console is kept with.
#[derive(Debug)]
pub(crate) struct Keeping<D> {
    pub(crate) room: Arc<Room>,
    pub(crate) keys: mpsc::Receiver<Key>,
    /// The way to it, which may become another one.
    pub(crate) dial: watch::Receiver<Arc<D>>,
    pub(crate) stop: watch::Receiver<bool>,
}

/// Why a line is served no more.
enum Served {
    Ended(Refusal),
    Stopped,
}

impl<D: Dial> Keeping<D> {
    /// Keeps it until it is told to stop. It is given back then.
    pub(crate) async fn run(mut self) {
        let (mut before, mut lost): (Option<u32>, Option<Instant>) = (None, None);
        let mut pause = FIRST_PAUSE;
        loop {
            let dial = Arc::clone(&self.dial.borrow_and_update());
            let dialled = tokio::select! {
                dialled = dial.dial(before) => dialled,
                () = drop_typed(&mut self.keys, &self.room) => return,
                () = stopped(&mut self.stop) => return,
            };
            let refusal = match dialled {
                Ok(line) => {
                    self.greet(lost);
                    pause = FIRST_PAUSE;
                    before = line.token();
                    match self.serve(line).await {
                        Served::Stopped => return,
                        Served::Ended(refusal) => {
                            lost = Some(Instant::now());
                            refusal
                        }
                    }
                }
                Err(refusal) => refusal,
            };
            if self.room.set_state(State::Away, Some(&refusal.why)) {
                self.room.mark(&format!("{}: trying to get the console", refusal.why));
            }
            let time = match refusal.hope {
                Hope::Soon => pause,
                Hope::Later => LATER,
                Hope::Little => SELDOM,
            };
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            tokio::select! {
                () = sleep(time) => {}
                // Whoever has mended the file does not wait.
                Ok(()) = self.dial.changed() => {}
                () = drop_typed(&mut self.keys, &self.room) => return,
                () = stopped(&mut self.stop) => return,
            }
        }
    }

    fn greet(&self, lost: Option<Instant>) {
        self.room.set_state(State::Open, None);
        match lost {
            Some(lost) => {
                let away = lost.elapsed().as_secs_f32();
                self.room.mark(&format!("the console is back after {away:.1} s"));
            }
            None => self.room.mark("the console is open"),
        }
    }

    async fn serve(&mut self, mut line: D::Line) -> Served {
        let mut sending: Option<Pin<Box<dyn Future<Output = ()> + Send>>> = None;
        loop {
            tokio::select! {
                heard = line.next() => match heard {
                    Heard::Characters(characters) => self.room.show(&characters),
                    Heard::Note(note) => self.room.mark(&note),
                    Heard::Ended(refusal) => {
                        drop(sending);
                        // The other end has it no more, or is gone: that is not waited for long.
                        let _ = timeout(Duration::from_millis(500), line.hang_up()).await;
                        return Served::Ended(refusal);
                    }
                },
                Some(key) = self.keys.recv(), if sending.is_none() => match key {
                    Key::Characters(characters) => sending = Some(Box::pin(line.write(characters))),
                    Key::Break => line.send_break(),
                },
                () = finish(&mut sending) => sending = None,
                () = stopped(&mut self.stop) => {
                    self.room.mark("the console is given back");
                    if timeout(HANG_UP, line.hang_up()).await.is_err() {
                        tracing::warn!("a console could not be given back in time");
                    }
                    return Served::Stopped;
                }
            }
        }
    }
}

/// Says to who types that nobody hears it. Ends when nobody can type any more.
async fn drop_typed(keys: &mut mpsc::Receiver<Key>, room: &Room) {
    while keys.recv().await.is_some() {
        room.say("the console is away: what is typed is dropped");
    }
}

async fn finish(sending: &mut Option<Pin<Box<dyn Future<Output = ()> + Send>>>) {
    match sending {
        Some(sending) => sending.await,
        None => std::future::pending().await,
    }
}

/// Comes once it is to stop.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Whose keeper is gone is not kept.
    let _ = stop.wait_for(|stop| *stop).await;
}
