//! `console NAME`: share a console on this terminal.

use std::io::{self, IsTerminal};

use lantern_console::{Attach, State};

use super::{connect, told};
use crate::cli::Console;
use crate::commands::sol::Plain;
use crate::console::keys::Keys;
use crate::console::share::share;
use crate::console::{Desk, Left};
use crate::error::{Error, Exit};

pub(super) async fn run(name: &str, command: &Console) -> Result<Option<Exit>, Error> {
    let attach = Attach {
        console: name.to_owned(),
        read_only: command.read_only,
        steal: command.steal,
        who: who(),
    };
    let attached = connect(command).await?.attach(attach).await.map_err(|error| told(&error))?;
    let escape = command.escape.0;
    // What is piped in is for the system, whatever it looks like.
    let keys = Keys::new(escape.filter(|_| io::stdin().is_terminal()));
    let desk = Desk::open(keys, None, command.read_only, command.linger);
    let mut desk = desk.map_err(|error| {
        Error::told(Exit::Failed, format!("standard input or output cannot be used: {error}"))
    })?;
    if command.read_only {
        desk.ignore_end_of_input();
    }
    let role = match (attached.writes, &attached.writer) {
        (true, _) => "you write".to_owned(),
        (false, Some(writer)) => format!("{writer} writes, you read along"),
        (false, None) => "you read along".to_owned(),
    };
    let others = match attached.attached {
        0 | 1 => String::new(),
        count => format!(", {count} are here"),
    };
    let help = match escape.filter(|_| desk.has_terminal()) {
        Some(escape) => format!("; {}? for help", escape.escape_ascii()),
        None => String::new(),
    };
    desk.say(&format!("console {name}: {role}{others}{help}")).await;
    if attached.state != State::Open {
        let why = attached.why.clone().unwrap_or_else(|| "it is being opened".to_owned());
        desk.say(&format!("there is no console yet: {why}")).await;
    }
    let left = share(attached, &mut desk, &Plain { escape }).await;
    desk.close().await;
    match left {
        Ok(Left::Signal(_)) if command.read_only => Ok(None),
        Ok(Left::Signal(number)) => Err(Error::signal(number)),
        Ok(_) => Ok(None),
        Err(why) => Err(Error::told(Exit::NoSession, format!("{name}: {why}"))),
    }
}

/// What this user is called among those who share a console.
fn who() -> String {
    let name = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let name = name.filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| rustix::process::getuid().as_raw().to_string());
    let terminal = rustix::termios::ttyname(io::stdin(), Vec::new()).ok();
    let terminal = terminal.and_then(|terminal| terminal.into_string().ok());
    match terminal.as_deref().map(|terminal| terminal.trim_start_matches("/dev/")) {
        Some(terminal) => format!("{name} at {terminal}"),
        None => name,
    }
}
