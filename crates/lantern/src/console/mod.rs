//! A console on this program's standard input and output: on a terminal, or between pipes.
//!
//! * `keys`: what is typed, and which of it is for this program. `stdio`: threads that wait.
//! * `signals`: ways to be ended, and to be stopped and go on. `guard`: what comes after those that
//!   cannot be caught.
//! * `share`: a console that a console server keeps.
//!
//! [`attend`] is what `sol activate` and the drop-in have in common; what either says is its
//! [`Manner`].

pub(crate) mod guard;
pub(crate) mod keys;
pub(crate) mod share;
pub(crate) mod signals;
pub(crate) mod stdio;

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use ipmi_client::sol::{Console, Ended, Heard, Writer};
use ipmi_io::{Guardian, RawTerminal};
use jiff::Timestamp;
use lantern_console::ConsoleLog;
use tokio::sync::mpsc;
use tokio::time::Instant;

use keys::{Keys, Typed};
use signals::{Caught, Signals};
use stdio::Screen;

/// Where somebody sits at a console.
#[derive(Debug)]
pub(crate) struct Desk {
    input: Option<mpsc::Receiver<Vec<u8>>>,
    screen: Screen,
    keys: Keys,
    /// `None` if nobody sits there: input is no terminal.
    terminal: Option<RawTerminal>,
    /// Dropped after the terminal.
    _guardian: Option<Guardian>,
    log: Option<ConsoleLog>,
    signals: Signals,
    /// It was let go for good.
    is_let_go: bool,
    /// What is typed goes nowhere.
    only_reads: bool,
    /// How long the system is listened to once there is nothing more to type.
    linger: Duration,
}

/// What is said at a desk.
pub(crate) trait Manner {
    /// About what was typed for this program; goes where the characters go.
    fn typed(&self, typed: &Typed) -> Option<String>;

    /// About something that is heard beside characters.
    fn heard(&self, heard: &Heard) -> Option<String>;
}

/// Why nobody attends to a console any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Somebody has had enough.
    Quit,
    /// Input has ended, and all of it has arrived.
    InputEnded,
    /// Nobody reads what is shown.
    ScreenGone,
    /// A signal of this number.
    Signal(i32),
    /// The console has ended.
    Ended(Ended),
}

impl Desk {
    /// A desk at this process's standard input and output. A terminal is raw from here on, until the
    /// desk is dropped.
    pub(crate) fn open(
        keys: Keys,
        log: Option<ConsoleLog>,
        only_reads: bool,
        linger: Duration,
    ) -> io::Result<Self> {
        let signals = Signals::catch()?;
        let screen = Screen::start()?;
        // A terminal without one is as good, until something goes very wrong.
        let guardian = guard::start().unwrap_or_default();
        let terminal = RawTerminal::enter()?;
        let input = Some(stdio::input()?);
        let _guardian = guardian;
        Ok(Self {
            input,
            screen,
            keys,
            terminal,
            _guardian,
            log,
            signals,
            is_let_go: false,
            only_reads,
            linger,
        })
    }

    /// Whether somebody sits there.
    pub(crate) const fn has_terminal(&self) -> bool {
        self.terminal.is_some()
    }

    /// Stays although there is nothing to type with.
    pub(crate) fn ignore_end_of_input(&mut self) {
        if self.terminal.is_none() {
            self.linger = Duration::MAX;
        }
    }

    /// Shows something where the characters go.
    pub(crate) async fn show(&self, text: String) {
        // Should nobody read, that is heard soon enough.
        let _ = self.screen.write(text.into_bytes()).await;
    }

    /// Shows something of this program's own, on a line of its own.
    pub(crate) async fn say(&mut self, note: &str) {
        if let Some(log) = &mut self.log {
            // A log that cannot be written is told of when characters are.
            let _ = log.note(Timestamp::now(), note);
        }
        if self.terminal.is_some() {
            self.screen.write(format!("\r\n[{note}]\r\n").into_bytes()).await;
        } else {
            eprintln!("[{note}]");
        }
    }

    /// Waits, but not for somebody who has had enough: why he is not waited for, if he is not.
    pub(crate) async fn pause(&mut self, time: Duration) -> Option<Left> {
        let until = Instant::now().checked_add(time)?;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return None,
                caught = self.signals.next() => {
                    if let Some(left) = self.signaled(caught) {
                        return Some(left);
                    }
                }
                typed = next(&mut self.input) => match typed {
                    // Nobody is there to hear it; but an end is an end.
                    Some(typed) if self.keys.type_in(&typed).contains(&Typed::Quit) => {
                        return Some(Left::Quit);
                    }
                    Some(_) => {}
                    None => self.input = None,
                }
            }
        }
    }

    /// Lets the terminal be what it was, before something is told that is no part of the console.
    pub(crate) fn release(&mut self) {
        self.terminal = None;
    }

    /// Leaves: the terminal is as it was, and all that was shown is written.
    pub(crate) async fn close(self) {
        let Self { terminal, screen, .. } = self;
        screen.finish().await;
        drop(terminal);
    }

    /// Lets the terminal go, stops, and comes back.
    fn suspend(&mut self, raw: bool) {
        self.is_let_go = !raw;
        if let Some(terminal) = &self.terminal {
            terminal.pause();
        }
        signals::stop();
        if let Some(terminal) = self.terminal.as_ref().filter(|_| raw) {
            // One that is gone ends the input, too.
            let _ = terminal.resume();
        }
    }

    fn signaled(&mut self, caught: Caught) -> Option<Left> {
        match caught {
            Caught::End(number) => return Some(Left::Signal(number)),
            Caught::Stop => self.suspend(true),
            Caught::GoOn => {
                if let Some(terminal) = self.terminal.as_ref().filter(|_| !self.is_let_go) {
                    let _ = terminal.resume();
                }
            }
        }
        None
    }
}

type Sending = Pin<Box<dyn Future<Output = bool>>>;

/// So much may wait to be sent before no more is read from a pipe.
const AHEAD: usize = 64 * 1024;

/// What is on its way to the system.
struct Outbox {
    writer: Writer,
    waiting: VecDeque<Typed>,
    /// Characters that wait.
    count: usize,
    sending: Option<Sending>,
}

impl Outbox {
    fn push(&mut self, typed: Typed) {
        if let Typed::Characters(characters) = &typed {
            self.count = self.count.saturating_add(characters.len());
        }
        self.waiting.push_back(typed);
        self.go_on();
    }

    fn go_on(&mut self) {
        while self.sending.is_none() {
            match self.waiting.pop_front() {
                Some(Typed::Characters(characters)) => {
                    self.count = self.count.saturating_sub(characters.len());
                    let writer = self.writer.clone();
                    self.sending = Some(Box::pin(async move { writer.write(&characters).await }));
                }
                Some(Typed::Break) => self.writer.send_break(),
                Some(_) => {}
                None => return,
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.sending.is_none() && self.waiting.is_empty()
    }
}

/// Sits at a console until there is a reason to leave.
pub(crate) async fn attend(console: &mut Console, desk: &mut Desk, manner: &dyn Manner) -> Left {
    let writer = console.writer();
    let mut outbox =
        Outbox { writer: writer.clone(), waiting: VecDeque::new(), count: 0, sending: None };
    // When it is looked whether all has arrived, and since when nothing was heard.
    let mut look_at: Option<Instant> = None;
    let mut quiet_since = Instant::now();
    loop {
        let may_read = desk.input.is_some() && (desk.has_terminal() || outbox.count < AHEAD);
        if desk.input.is_none() && outbox.is_idle() && look_at.is_none() {
            look_at = Some(Instant::now());
        }
        tokio::select! {
            heard = console.next() => {
                quiet_since = Instant::now();
                match heard {
                    Heard::Ended(ended) => return Left::Ended(ended),
                    Heard::Characters(characters) => {
                        if !show(desk, characters).await {
                            return Left::ScreenGone;
                        }
                    }
                    other => if let Some(text) = manner.heard(&other) {
                        desk.say(&text).await;
                    },
                }
            }
            typed = next(&mut desk.input), if may_read => {
                let Some(typed) = typed else {
                    desk.input = None;
                    continue;
                };
                if let Some(left) = obey(desk, &mut outbox, manner, &typed).await {
                    return left;
                }
            }
            sent = finish(&mut outbox.sending) => {
                outbox.sending = None;
                // Without a console the next thing that is heard is why.
                if sent {
                    outbox.go_on();
                }
            }
            () = until(look_at) => {
                let unsent = writer.unsent().await.map_or(0, |(count, _)| count);
                let silent = quiet_since.elapsed() >= desk.linger;
                if unsent == 0 && silent {
                    return Left::InputEnded;
                }
                look_at = Instant::now().checked_add(Duration::from_millis(50));
            }
            caught = desk.signals.next() => {
                if let Some(left) = desk.signaled(caught) {
                    return left;
                }
            }
        }
    }
}

/// Does what was typed; why somebody leaves, if he does.
async fn obey(
    desk: &mut Desk,
    outbox: &mut Outbox,
    manner: &dyn Manner,
    keys: &[u8],
) -> Option<Left> {
    for typed in desk.keys.type_in(keys) {
        if let Some(text) = manner.typed(&typed) {
            desk.screen.write(text.into_bytes()).await;
        }
        match typed {
            Typed::Quit => return Some(Left::Quit),
            Typed::Suspend { raw } => desk.suspend(raw),
            Typed::Help => {}
            Typed::Characters(_) | Typed::Break if desk.only_reads => {}
            Typed::Characters(_) | Typed::Break => outbox.push(typed),
        }
    }
    None
}

/// Shows characters, and keeps them in the log; whether anybody still reads.
async fn show(desk: &mut Desk, characters: Vec<u8>) -> bool {
    if let Some(log) = &mut desk.log
        && let Err(error) = log.write(Timestamp::now(), &characters)
    {
        desk.log = None;
        desk.say(&format!("the log cannot be written, and ends here: {error}")).await;
    }
    desk.screen.write(characters).await
}

async fn next(input: &mut Option<mpsc::Receiver<Vec<u8>>>) -> Option<Vec<u8>> {
    match input {
        Some(input) => input.recv().await,
        None => std::future::pending().await,
    }
}

async fn finish(sending: &mut Option<Sending>) -> bool {
    match sending {
        Some(sending) => sending.await,
        None => std::future::pending().await,
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
