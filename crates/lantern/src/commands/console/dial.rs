//! How the console of a BMC is got, for who keeps many.
//!
//! All go through one endpoint. Each try is a login of its own: a BMC that was away may be another
//! one now, at another address.

use std::time::Duration;

use ipmi_client::Endpoint;
use ipmi_client::sol::{self, Ended, Options, Writer};
use ipmi_wire::CompletionCode;
use lantern_console::{Dial, Heard, Hope, Line, Refusal};
use tokio::time::timeout;

use super::file::Wanted;
use crate::commands::sol::{is_passing, noticed};
use crate::connect::{Console, Login, Memory};
use crate::error::Error;
use crate::output::Voice;
use crate::target::Target;

/// The way to a BMC's console.
#[derive(Debug)]
pub(super) struct Way {
    target: Target,
    login: Login,
    options: Options,
    endpoint: Endpoint,
    memory: Memory,
    voice: Voice<'static>,
}

/// A BMC's console.
#[derive(Debug)]
pub(super) struct BmcLine {
    login: Console<'static>,
    console: sol::Console,
    writer: Writer,
}

/// How long a BMC may take to say that it has its console back.
const PATIENCE: Duration = Duration::from_millis(1500);
/// §24.1: it is active already.
const ACTIVE: CompletionCode = CompletionCode(0x80);

impl Way {
    pub(super) fn new(
        wanted: Wanted,
        endpoint: &Endpoint,
        memory: &Memory,
        voice: Voice<'static>,
    ) -> (String, String, Self) {
        let what = wanted.what();
        let Wanted { name, target, login, options, .. } = wanted;
        let (endpoint, memory) = (endpoint.clone(), memory.clone());
        (name, what, Self { target, login, options, endpoint, memory, voice })
    }
}

impl Dial for Way {
    type Line = BmcLine;

    async fn dial(&self, before: Option<u32>) -> Result<BmcLine, Refusal> {
        let address = match self.target.literal() {
            Some(address) => address,
            None => {
                let target = self.target.clone();
                // The name service makes whoever asks it wait.
                let resolved = tokio::task::spawn_blocking(move || target.resolve()).await;
                let resolved = resolved.map_err(|error| soon(error.to_string()))?;
                resolved.map_err(|error| soon(message(&error)))?
            }
        };
        let (endpoint, memory) = (self.endpoint.clone(), Some(self.memory.clone()));
        let mut login = Console::at(address, self.login.clone(), self.voice, endpoint, memory);
        login.log_in().await.map_err(|error| refused(&error))?;
        login.take_note();
        // A BMC that did not restart may think that the lost session has it still.
        let options = Options { steal_from: before, ..self.options };
        match login.bmc.console(options).await {
            Ok(console) => {
                let writer = console.writer();
                Ok(BmcLine { login, console, writer })
            }
            Err(error) => {
                login.bmc.close().await;
                if error.completion() == Some(ACTIVE) {
                    let why = "somebody else has the console".to_owned();
                    return Err(Refusal { why, hope: Hope::Later });
                }
                Err(refused(&error.into()))
            }
        }
    }
}

impl Line for BmcLine {
    async fn next(&mut self) -> Heard {
        loop {
            let heard = self.console.next().await;
            let (why, hope) = match heard {
                sol::Heard::Characters(characters) => return Heard::Characters(characters),
                sol::Heard::Ended(Ended::Lost) => ("the BMC is silent", Hope::Soon),
                sol::Heard::Ended(Ended::Taken) => {
                    ("the BMC has given the console to somebody else", Hope::Later)
                }
                sol::Heard::Ended(_) => {
                    ("the console was deactivated by somebody else", Hope::Later)
                }
                other => match noticed(&other) {
                    Some(note) => return Heard::Note(note.to_owned()),
                    None => continue,
                },
            };
            return Heard::Ended(Refusal { why: why.to_owned(), hope });
        }
    }

    fn write(&self, characters: Vec<u8>) -> impl Future<Output = ()> + Send + 'static {
        let writer = self.writer.clone();
        async move {
            // Without a console the next thing that is heard is why.
            writer.write(&characters).await;
        }
    }

    fn send_break(&self) {
        self.writer.send_break();
    }

    fn token(&self) -> Option<u32> {
        self.console.managed_session_id()
    }

    async fn hang_up(self) {
        // An answer that is lost is never asked for again, and not waited for: the BMC ends the console
        // with the session, too.
        let _ = timeout(PATIENCE, self.console.deactivate()).await;
        self.login.bmc.close().await;
    }
}

const fn soon(why: String) -> Refusal {
    Refusal { why, hope: Hope::Soon }
}

fn refused(error: &Error) -> Refusal {
    let hope = if is_passing(error) { Hope::Soon } else { Hope::Little };
    Refusal { why: message(error), hope }
}

fn message(error: &Error) -> String {
    match error {
        Error::Told(report) => report.message.clone(),
        Error::Output(error) => error.to_string(),
    }
}
