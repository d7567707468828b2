//! `sol activate` and `sol watch`.

use std::io::{self, IsTerminal};
use std::time::Duration;

use ipmi_client::Cause;
use ipmi_client::sol::{Ended, Heard, Options};
use ipmi_wire::{CompletionCode, Privilege};
use lantern_config::Config;
use lantern_console::{ConsoleLog, Limits};
use tokio::time::Instant;

use super::in_use;
use crate::cli::{Globals, Keep, Sol};
use crate::codes::Code;
use crate::connect::{Console as Login, Known, Plan};
use crate::console::keys::{Keys, Typed};
use crate::console::{Desk, Left, Manner, attend};
use crate::error::{Error, Exit};
use crate::fleet::{Targets, targets};
use crate::output::Voice;
use crate::target::Whom;

/// Pauses between tries to get a console back: from this, doubling, to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// §24.1: it is active already.
const ACTIVE: CompletionCode = CompletionCode(0x80);

/// Runs `sol activate` or `sol watch`, until somebody leaves.
pub(crate) async fn run(
    command: &Sol,
    globals: &Globals,
    config: &Config,
    voice: Voice<'_>,
) -> Result<Option<Exit>, Error> {
    // What a console takes is set at the BMC (SOL parameter 2), and operator as a rule.
    let needs = Privilege::Operator;
    let known = Known::new(globals, config, needs, voice);
    let Targets::One(whom) = targets(globals, &known)? else {
        return Err(Error::usage("a terminal shows one console, and -H names many BMCs")
            .next("name one; 'lantern console' keeps many consoles and their logs"));
    };
    let Whom::Host(host) = &whom else {
        return Err(Error::usage("no BMC was named, and Serial over LAN comes by a network")
            .cause("without -H it is this machine's own BMC that is meant: its serial port is here")
            .next("say which one: -H HOST"));
    };
    let plan = Plan::new(globals, config, &whom, needs, voice)?;
    let (options, keep, escape, linger) = match command {
        Sol::Activate(attend) => {
            let options = Options {
                instance: attend.instance,
                protect: !attend.no_encryption,
                steal: attend.steal,
                ..Options::default()
            };
            (options, &attend.keep, attend.escape.0, attend.linger)
        }
        Sol::Watch(watch) => {
            let instance = watch.instance.unwrap_or(0);
            let options = Options { instance, ..Options::default() };
            (options, &watch.keep, Some(b'~'), Duration::ZERO)
        }
        _ => return Err(Error::usage("this is no console")),
    };
    let only_reads = matches!(command, Sol::Watch(_));
    let log = open_log(keep)?;
    // Once before the terminal is touched: what fails here is told as anywhere.
    let mut line = Line { plan, options, host, only_reads };
    let (login, console) = line.open(options).await?;
    // What is piped in is for the system, whatever it looks like.
    let keys = Keys::new(escape.filter(|_| io::stdin().is_terminal()));
    let desk = Desk::open(keys, log, only_reads, linger);
    let mut desk = desk.map_err(|error| {
        Error::told(Exit::Failed, format!("standard input or output cannot be used: {error}"))
    })?;
    if only_reads {
        // Whoever reads along types for this program alone, and may have nothing to type with.
        desk.ignore_end_of_input();
    }
    let instance = console.instance();
    desk.say(&format!("console {instance} of {host}{}", greeting(&desk, escape))).await;
    let left = line.stay(login, console, &mut desk, !keep.no_reconnect, escape).await;
    desk.close().await;
    left
}

fn greeting(desk: &Desk, escape: Option<u8>) -> String {
    match escape.filter(|_| desk.has_terminal()) {
        Some(escape) => format!("; {}? for help", shown(escape)),
        None => String::new(),
    }
}

/// A key as people write it.
fn shown(key: u8) -> String {
    match key {
        0..=0x1f => format!("^{}", char::from(key | 0x40)),
        _ => char::from(key).to_string(),
    }
}

fn open_log(keep: &Keep) -> Result<Option<ConsoleLog>, Error> {
    let Some(path) = &keep.log else { return Ok(None) };
    let limits = Limits { size: keep.log_size.max(1), files: keep.log_files };
    ConsoleLog::open(path, limits).map(Some).map_err(|error| {
        Error::told(Exit::Usage, format!("{}: the log cannot be written: {error}", path.display()))
    })
}

/// The way to a console, to be gone again when it is lost.
struct Line<'a> {
    plan: Plan<'a>,
    options: Options,
    host: &'a str,
    only_reads: bool,
}

type Console = ipmi_client::sol::Console;

impl<'a> Line<'a> {
    async fn open(&mut self, options: Options) -> Result<(Login<'a>, Console), Error> {
        let mut login = self.plan.clone().start()?;
        let opened = async {
            login.log_in().await?;
            login.bmc.console(options).await.map_err(|error| {
                let is_taken = error.completion() == Some(ACTIVE);
                let error = Error::from(error);
                if is_taken { in_use(error) } else { error }
            })
        };
        match opened.await {
            Ok(console) => Ok((login, console)),
            Err(error) => {
                login.end().await;
                Err(error)
            }
        }
    }

    /// Attends to the console, and to the next one when it is lost.
    async fn stay(
        &mut self,
        mut login: Login<'a>,
        mut console: Console,
        desk: &mut Desk,
        reconnect: bool,
        escape: Option<u8>,
    ) -> Result<Option<Exit>, Error> {
        loop {
            let manner = Plain { escape };
            let left = attend(&mut console, desk, &manner).await;
            let lost = match left {
                Left::Ended(Ended::Lost) => Instant::now(),
                left => {
                    // Should that fail, the BMC ends it with the session.
                    let _ = console.deactivate().await;
                    login.end().await;
                    return self.leave(left, desk).await;
                }
            };
            let was = console.managed_session_id();
            drop(console);
            login.end().await;
            if !reconnect {
                return Err(lost_for_good(self.host));
            }
            desk.say(&format!("the BMC {} is silent: trying to get the console back", self.host))
                .await;
            (login, console) = match self.reopen(desk, was).await {
                Ok(opened) => opened,
                Err(Reopened::Left(left)) => return self.leave(left, desk).await,
                Err(Reopened::Failed(error)) => return Err(error),
            };
            let away = lost.elapsed().as_secs_f32();
            desk.say(&format!("the console is back after {away:.1} s")).await;
        }
    }

    async fn reopen(
        &mut self,
        desk: &mut Desk,
        was: Option<u32>,
    ) -> Result<(Login<'a>, Console), Reopened> {
        let mut pause = FIRST_PAUSE;
        loop {
            // A BMC that did not restart may think that the lost session has it still.
            let options = Options { steal_from: was, ..self.options };
            match self.open(options).await {
                Ok(opened) => return Ok(opened),
                Err(error) if !is_passing(&error) => return Err(Reopened::Failed(error)),
                Err(_) => {}
            }
            if let Some(left) = desk.pause(pause).await {
                return Err(Reopened::Left(left));
            }
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    async fn leave(&self, left: Left, desk: &mut Desk) -> Result<Option<Exit>, Error> {
        match left {
            Left::Quit | Left::InputEnded | Left::ScreenGone => Ok(None),
            Left::Signal(_) if self.only_reads => Ok(None),
            Left::Signal(number) => {
                desk.say("the console is given back").await;
                Err(Error::signal(number))
            }
            Left::Ended(ended) => Err(taken(ended, self.host)),
        }
    }
}

enum Reopened {
    Left(Left),
    Failed(Error),
}

/// What no further try mends.
const FOR_GOOD: [Cause; 9] = [
    Cause::CipherSuites,
    Cause::UnknownUser,
    Cause::PrivilegeLimit,
    Cause::WrongPassword,
    Cause::WrongKg,
    Cause::WrongCode,
    Cause::UnsupportedSuite,
    Cause::NotPossible,
    Cause::InsufficientPrivilege,
];

/// Whether the next try may end otherwise.
pub(crate) fn is_passing(error: &Error) -> bool {
    let Error::Told(report) = error else { return false };
    let is_for_good = FOR_GOOD.into_iter().any(|cause| report.code == Code::from(cause));
    let is_busy = report.code == Code::from(Cause::Busy);
    !is_for_good && (is_busy || matches!(report.exit, Exit::NoSession | Exit::Uncertain))
}

fn lost_for_good(host: &str) -> Error {
    Error::told(Exit::NoSession, format!("{host}: the BMC is silent, and the console is lost"))
        .next("leave --no-reconnect out to wait for it")
}

fn taken(ended: Ended, host: &str) -> Error {
    let message = match ended {
        Ended::Taken => format!("{host}: the BMC has given the console to somebody else"),
        _ => format!("{host}: the console was deactivated by somebody else"),
    };
    Error::told(Exit::Taken, message)
        .next("'lantern session list' shows who is there; take it back with --steal")
}

/// What is said to people.
pub(crate) struct Plain {
    pub(crate) escape: Option<u8>,
}

impl Manner for Plain {
    fn typed(&self, typed: &Typed) -> Option<String> {
        let escape = shown(self.escape?);
        Some(match typed {
            Typed::Quit => format!("{escape}.\r\n"),
            Typed::Break => format!("{escape}B [break]\r\n"),
            Typed::Suspend { .. } => format!("{escape}^Z\r\n"),
            Typed::Help => [
                format!("{escape}?"),
                format!("  {escape}.   end"),
                format!("  {escape}B   send a break"),
                format!("  {escape}^Z  stop this program for a while"),
                format!("  {escape}{escape}   the character {escape}"),
                format!("  {escape}?   this"),
                "each at the beginning of a line".to_owned(),
            ]
            .map(|line| line + "\r\n")
            .concat(),
            Typed::Characters(_) => return None,
        })
    }

    fn heard(&self, heard: &Heard) -> Option<String> {
        noticed(heard).map(str::to_owned)
    }
}

/// What is said about something that is heard beside characters.
pub(crate) const fn noticed(heard: &Heard) -> Option<&'static str> {
    Some(match heard {
        Heard::Break => "the machine has sent a break",
        Heard::Lost => "the BMC has lost characters of the machine here",
        Heard::Available(false) => "nothing gets to the machine for now: what is typed waits",
        Heard::Available(true) => "what is typed gets to the machine again",
        Heard::Characters(_) | Heard::Ended(_) => return None,
    })
}
