//! `shell`: commands as they are typed, in one session.
//!
//! Lines are read by a thread of their own, so that the session is kept alive while somebody thinks.
//! It is opened with the first command that needs one, for what that command needs, and opened anew
//! when one needs more.

mod completion;
mod history;
mod input;

use std::io;

use ipmi_client::SessionInfo;
use ipmi_wire::Privilege;
use lantern_config::Config;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::bmc::no_signals;
use super::script::{NoCommand, parse, run_line, worse};
use super::{Context, check, is_endless, needs, offline};
use crate::cli::{Globals, Line, Shell};
use crate::connect::{Console, Known, Plan};
use crate::error::{Error, Exit};
use crate::fleet::{Targets, targets};
use crate::output::{self, Voice};
use input::{Input, Typed};

/// Runs until there are no lines any more. On a terminal that is a good end, whatever failed: who
/// typed it saw it.
pub(crate) async fn run(
    shell: &Shell,
    globals: &Globals,
    config: &Config,
    voice: Voice<'_>,
) -> Result<Option<Exit>, Error> {
    let known = Known::new(globals, config, Privilege::User, voice);
    let Targets::One(whom) = targets(globals, &known)? else {
        return Err(Error::usage("a shell talks to one BMC, and -H names many")
            .next("name one; 'exec' runs the commands of a file on many"));
    };
    let plan = Plan::new(globals, config, &whom, Privilege::User, voice)?;
    let host = whom.name();
    let catch = |kind| signal(kind).map_err(no_signals);
    let mut stop = Stop {
        interrupt: catch(SignalKind::interrupt())?,
        terminate: catch(SignalKind::terminate())?,
    };
    let mut input = Input::open(&host, !shell.no_history)?;
    let mut sessions = Sessions { plan, globals, name: &host, console: None };
    let (mut worst, mut number) = (None, 0usize);
    let ended = loop {
        let typed = tokio::select! {
            typed = input.next() => typed,
            _ = stop.terminate.recv() => break Err(super::bmc::interrupted()),
            _ = stop.interrupt.recv() => break Err(super::bmc::interrupted()),
        };
        let text = match typed {
            Ok(Typed::Line(text)) => text,
            // Ctrl-C at the prompt forgets the line.
            Ok(Typed::Forgotten) => continue,
            Ok(Typed::End) => break Ok(()),
            Err(error) => break Err(unreadable(&error)),
        };
        number = number.saturating_add(1);
        if matches!(text.trim(), "exit" | "quit") {
            break Ok(());
        }
        let line = match parse(&text) {
            Ok(line) => line,
            Err(NoCommand::Empty) => continue,
            Err(NoCommand::Help(help)) => {
                output::print(help.render().to_string())?;
                continue;
            }
            Err(NoCommand::Wrong(error)) => {
                worst = worse(worst, report(voice, error, &input, number));
                continue;
            }
        };
        input.keep(&text);
        let ended = tokio::select! {
            ended = one(&line, &mut sessions, voice, globals) => ended,
            _ = stop.interrupt.recv() => match is_endless(&line.command) {
                true => Ok(None),
                false => Err(super::bmc::interrupted()),
            },
            _ = stop.terminate.recv() => break Err(super::bmc::interrupted()),
        };
        match ended {
            Ok(exit) => worst = exit.map_or(worst, |exit| worse(worst, exit)),
            Err(error @ Error::Output(_)) => break Err(error),
            Err(error) => worst = worse(worst, report(voice, error, &input, number)),
        }
    };
    input.close();
    sessions.end().await;
    ended.map(|()| worst.filter(|_| !input.is_terminal()))
}

struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

fn unreadable(error: &io::Error) -> Error {
    Error::told(Exit::Failed, format!("no more lines can be read: {error}"))
}

/// Tells of an error, and where the line was if nobody has it before his eyes.
fn report(voice: Voice<'_>, error: Error, input: &Input, number: usize) -> Exit {
    let error = match input.is_terminal() {
        true => error,
        false => error.at(&format!("line {number}")),
    };
    let exit = error.exit();
    voice.tell(&error);
    exit
}

/// Runs one command, in a session that is good enough for it.
async fn one(
    line: &Line,
    sessions: &mut Sessions<'_>,
    voice: Voice<'_>,
    globals: &Globals,
) -> Result<Option<Exit>, Error> {
    check(&line.command)?;
    let format = line.output.unwrap_or(globals.output);
    if let Some(outcome) = offline(&line.command) {
        let result = outcome?;
        output::print(result.render(format, None)?)?;
        return Ok(result.exit());
    }
    let name = sessions.name;
    let (console, info) = sessions.for_privilege(needs(&line.command)).await?;
    run_line(line, &Context { bmc: &console.bmc, info, voice, format, name, host: None }).await
}

/// The session, if there is one.
struct Sessions<'a> {
    plan: Plan<'a>,
    globals: &'a Globals,
    /// What the BMC was named.
    name: &'a str,
    console: Option<(Console<'a>, SessionInfo)>,
}

impl<'a> Sessions<'a> {
    /// A session in which what needs `needed` can be done, unless the user said for what it is.
    async fn for_privilege(
        &mut self,
        needed: Privilege,
    ) -> Result<(&Console<'a>, &SessionInfo), Error> {
        let wanted = self.globals.privilege.unwrap_or(needed);
        if self.console.as_ref().is_some_and(|(console, _)| console.bmc.privilege() < wanted) {
            self.end().await;
        }
        let (console, info) = match self.console.take() {
            Some(opened) => opened,
            None => {
                let mut console = self.plan.clone().for_privilege(wanted).start()?;
                match console.log_in().await {
                    Ok(info) => (console, info),
                    Err(error) => {
                        console.end().await;
                        return Err(error);
                    }
                }
            }
        };
        let (console, info) = self.console.insert((console, info));
        Ok((console, info))
    }

    async fn end(&mut self) {
        if let Some((console, _)) = self.console.take() {
            console.end().await;
        }
    }
}
