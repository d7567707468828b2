//! Signals while a terminal is raw: no key is one then, but others send them. Whatever ends this
//! process that can be caught is a reason to leave in good order: the BMC gets its console back, and
//! the terminal what it was before.

use std::io;

use rustix::process::{Signal as Number, getpid, kill_process};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that are caught.
#[derive(Debug)]
pub(crate) struct Signals {
    ends: [(i32, Signal); 4],
    stop: Signal,
    go_on: Signal,
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caught {
    /// To end; its number.
    End(i32),
    /// To stop for a while.
    Stop,
    /// It was stopped, and goes on.
    GoOn,
}

impl Signals {
    pub(crate) fn catch() -> io::Result<Self> {
        let end = |kind: SignalKind| Ok::<_, io::Error>((kind.as_raw_value(), signal(kind)?));
        Ok(Self {
            ends: [
                end(SignalKind::terminate())?,
                end(SignalKind::interrupt())?,
                end(SignalKind::hangup())?,
                end(SignalKind::quit())?,
            ],
            stop: signal(SignalKind::from_raw(Number::TSTP.as_raw()))?,
            go_on: signal(SignalKind::from_raw(Number::CONT.as_raw()))?,
        })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Caught {
        let [(terminate, a), (interrupt, b), (hangup, c), (quit, d)] = &mut self.ends;
        tokio::select! {
            _ = a.recv() => Caught::End(*terminate),
            _ = b.recv() => Caught::End(*interrupt),
            _ = c.recv() => Caught::End(*hangup),
            _ = d.recv() => Caught::End(*quit),
            _ = self.stop.recv() => Caught::Stop,
            _ = self.go_on.recv() => Caught::GoOn,
        }
    }
}

/// Stops this process until somebody lets it go on.
pub(crate) fn stop() {
    // The one signal of its kind that is never caught.
    let _ = kill_process(getpid(), Number::STOP);
}
