//! What a command has to work with.

use std::cell::{Cell, OnceCell, RefCell};
use std::io::{self, Write};

use ipmi_client::{Bmc, Ending, Endpoint, Error, ErrorKind, Failure};
use ipmi_wire::{Command, CompletionCode, Request, Response};

use super::options::Options;
use super::{text, word};
use crate::connect::Memory;

/// How a command ended. What went wrong has been told.
pub(super) type Ended = Result<(), Failed>;

/// Exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed;

/// Why there is no answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The BMC has not answered.
    Silent,
    /// It has refused.
    Code(CompletionCode),
    /// It has answered what cannot be understood.
    Malformed,
}

impl Refusal {
    /// As the original ends a line about it, where it tells all apart.
    pub(super) fn text(self) -> String {
        match self {
            Self::Silent => "no response".to_owned(),
            Self::Code(code) => text::completion(code),
            Self::Malformed => "invalid response".to_owned(),
        }
    }
}

impl From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        // To the original, whoever does not pass a request on has refused it.
        if let ErrorKind::Call(Failure::NotPassedOn { completion, .. }) = &*error.kind {
            return Self::Code(*completion);
        }
        // Where the kernel speaks to it, that time is up is an answer, with a code.
        if let ErrorKind::Call(Failure::SilentBehind { sent: 0, .. }) = &*error.kind {
            return Self::Code(CompletionCode::TIMEOUT);
        }
        match error.completion() {
            Some(code) => Self::Code(code),
            None if error.is_answer() => Self::Malformed,
            None => Self::Silent,
        }
    }
}

/// Options, output and the BMC.
pub(super) struct Tool {
    pub(super) options: Options,
    /// How many `-v`; `set verbose` of the shell changes it.
    pub(super) verbose: Cell<u8>,
    /// `-c`; `set csv` of the shell changes it.
    pub(super) csv: Cell<bool>,
    opened: OnceCell<(Option<Endpoint>, Bmc, Option<Memory>)>,
    /// As C's, standard output is written when there is a page of it, or at the end.
    out: RefCell<Vec<u8>>,
    /// The session ends without Close Session: the BMC forgets it by itself.
    pub(super) abandoned: Cell<bool>,
    /// How many files are being executed, and shells are open, within each other.
    pub(super) depth: Cell<u8>,
    /// A list that was shown or written ends where it should not; told already.
    pub(super) cut_short: Cell<bool>,
}

const PAGE: usize = 4096;

impl Tool {
    pub(super) fn new(options: Options) -> Self {
        let (verbose, csv) = (Cell::new(options.verbose), Cell::new(options.csv));
        let (opened, out) = (OnceCell::new(), RefCell::default());
        Self {
            options,
            verbose,
            csv,
            opened,
            out,
            abandoned: Cell::new(false),
            depth: Cell::new(0),
            cut_short: Cell::new(false),
        }
    }

    /// Takes over a BMC that was logged in to, or the machine's own, which has no endpoint.
    pub(super) fn opened(&self, endpoint: Option<Endpoint>, bmc: Bmc, memory: Option<Memory>) {
        let _ = self.opened.set((endpoint, bmc, memory));
    }

    /// The BMC, if there is a session.
    pub(super) fn bmc(&self) -> Result<&Bmc, Failed> {
        self.opened.get().map(|(_, bmc, _)| bmc).ok_or(Failed)
    }

    /// Puts this on standard output. No line end is added.
    pub(super) fn print(&self, text: &str) {
        self.print_bytes(&word::bytes(text));
    }

    /// As [`print`](Self::print): what a BMC says need not be UTF-8.
    pub(super) fn print_bytes(&self, bytes: &[u8]) {
        self.out.borrow_mut().extend_from_slice(bytes);
        if self.out.borrow().len() >= PAGE {
            self.flush();
        }
    }

    /// Writes what is to be seen by now.
    pub(super) fn flush(&self) {
        let mut out = io::stdout().lock();
        // Whoever read it has seen enough.
        let _ = out.write_all(&self.out.take()).and_then(|()| out.flush());
    }

    /// A line on standard error.
    pub(super) fn error(&self, line: &str) {
        let line = [&*word::bytes(line), b"\n"].concat();
        // Where nobody listens there is nobody to be told.
        let _ = io::stderr().write_all(&line);
    }

    /// The same; of use to find out who says what.
    pub(super) fn notice(&self, line: &str) {
        self.error(line);
    }

    /// A line on standard error, with `-v`.
    pub(super) fn info(&self, line: &str) {
        if self.verbose.get() >= 1 {
            self.error(line);
        }
    }

    /// A line on standard error, with `-vv`.
    pub(super) fn debug(&self, line: &str) {
        if self.verbose.get() >= 2 {
            self.error(line);
        }
    }

    /// Looks how a list of records has ended: one that leads back into itself is never whole, and the original
    /// reads it for ever.
    pub(super) fn look_at(&self, what: &str, ending: &Ending) {
        if let Ending::Loop { .. } = ending {
            self.error(&format!("{what}: {ending}"));
            self.cut_short.set(true);
        }
    }

    /// Sends a command.
    pub(super) async fn send<C: Command>(&self, command: &C) -> Result<C::Response, Refusal> {
        let bmc = self.bmc().map_err(|Failed| Refusal::Silent)?;
        bmc.send(command).await.map_err(|error| Refusal::from(&error))
    }

    /// Sends a request as it is; `None` if nobody answers.
    pub(super) async fn send_raw(&self, request: Request) -> Option<Response> {
        match self.bmc().ok()?.send_raw(request).await {
            Ok(response) => Some(response),
            Err(error) => match Refusal::from(&error) {
                Refusal::Code(completion) => Some(Response { completion, data: Vec::new() }),
                Refusal::Silent | Refusal::Malformed => None,
            },
        }
    }

    /// Ends the session and writes what is left to be seen.
    pub(super) async fn end(&self) {
        self.flush();
        let Some((endpoint, bmc, memory)) = self.opened.get() else { return };
        if let Some(memory) = memory {
            memory.learn(bmc);
            memory.save();
        }
        if self.abandoned.get() {
            bmc.forget_session().await;
        }
        if let Some(endpoint) = endpoint {
            endpoint.shutdown().await;
        }
    }
}
