//! The `ipmitool` personality: what scripts that were written for ipmitool 1.8.19 get from us.
//!
//! `lantern ipmitool …`, or this very program under the name `ipmitool`. Standard output and exit code are the
//! original's in the C locale, byte for byte; on standard error are those texts that programs look for, and
//! nothing on success. Where ipmitool is dangerous we are not: `docs/ipmitool-differences.md` has each case.
//!
//! * `options`: what stands before, between and behind the words, with a table of its own;
//! * `tool`: what a command has to work with: output, the levels of messages, the BMC;
//! * `session`: from options to a session, and what is said if there is none;
//! * `number`, `text`, `word`: numbers as C reads them; texts that stand for codes; words as bytes;
//! * the rest: a room for each of ipmitool's groups of commands. The layouts of its output are there and nowhere
//!   else; what is in them comes from the same operations as in the native commands.

mod access;
mod channel;
mod chassis;
mod clock;
mod console;
mod dcmi;
mod firewall;
mod foreign;
mod fru;
mod i2c;
mod lan;
mod lan6;
mod mc;
mod number;
mod options;
mod pef;
mod raw;
mod script;
mod sdr;
mod sel;
mod sensor;
mod session;
mod sessions;
mod sol;
mod text;
mod tool;
mod user;
mod word;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use options::{Options, Parsed};
use tool::{Ended, Failed, Tool};

/// The version that is spoken.
const VERSION: &str = "1.8.19";

/// Runs as ipmitool if that is what was called: by the program's name, or by the first word.
pub(crate) fn if_called() -> Option<ExitCode> {
    let mut arguments = std::env::args_os();
    let called = arguments.next()?;
    let is_ipmitool = Path::new(&called).file_name().is_some_and(|name| name == "ipmitool");
    let rest: Vec<OsString> = match is_ipmitool {
        true => arguments.collect(),
        false => {
            (arguments.next()? == "ipmitool").then_some(())?;
            arguments.collect()
        }
    };
    Some(match run(&rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed) => ExitCode::FAILURE,
    })
}

fn run(arguments: &[OsString]) -> Ended {
    let options = match Options::parse(arguments) {
        Parsed::Options(options) => *options,
        Parsed::Ended(ended) => return ended,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else {
        eprintln!("ipmitool: the system lets nothing be awaited");
        return Err(Failed);
    };
    let ended = runtime.block_on(async {
        let mut tool = Tool::new(options);
        let ended = all(&mut tool).await;
        tool.end().await;
        ended
    });
    // Whoever was asked for a password and never answers is not waited for.
    runtime.shutdown_background();
    ended
}

/// A group of commands.
struct Group {
    name: &'static str,
    /// What `help` says of it; nothing of other spellings.
    about: &'static str,
    /// Without words it says how it is used, and needs no BMC for that.
    bare: Bare,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bare {
    Help,
    Runs,
}

const GROUPS: &[Group] = &[
    Group { name: "raw", about: "A request as bytes, and the answer as bytes", bare: Bare::Help },
    Group {
        name: "chassis",
        about: "State and power of the machine, boot options",
        bare: Bare::Help,
    },
    Group { name: "event", about: "Sends events", bare: Bare::Runs },
    Group { name: "mc", about: "The management controller itself", bare: Bare::Help },
    Group { name: "bmc", about: "", bare: Bare::Help },
    Group { name: "fru", about: "What is on the devices that units carry", bare: Bare::Runs },
    Group { name: "power", about: "Short for 'chassis power'", bare: Bare::Help },
    Group { name: "sdr", about: "Records of sensors, and what those say", bare: Bare::Runs },
    Group { name: "sensor", about: "Sensors with their thresholds", bare: Bare::Runs },
    Group { name: "sel", about: "The log of events", bare: Bare::Runs },
    Group { name: "lan", about: "How a channel is reached by IPv4", bare: Bare::Help },
    Group { name: "lan6", about: "How a channel is reached by IPv6", bare: Bare::Help },
    Group { name: "channel", about: "Channels, and who may use them", bare: Bare::Help },
    Group { name: "session", about: "Who is connected", bare: Bare::Help },
    Group { name: "user", about: "Users and their passwords", bare: Bare::Help },
    Group { name: "dcmi", about: "Power, temperatures and names by DCMI", bare: Bare::Help },
    Group { name: "firewall", about: "Which commands the BMC takes", bare: Bare::Help },
    Group { name: "i2c", about: "Bytes to and from a device on a bus", bare: Bare::Help },
    Group { name: "spd", about: "", bare: Bare::Help },
    Group { name: "pef", about: "What is done about events", bare: Bare::Help },
    Group { name: "sol", about: "Serial over LAN", bare: Bare::Help },
    Group { name: "hpm", about: "", bare: Bare::Help },
    Group { name: "picmg", about: "", bare: Bare::Help },
    Group { name: "vita", about: "", bare: Bare::Help },
    Group { name: "nm", about: "", bare: Bare::Help },
    Group { name: "delloem", about: "", bare: Bare::Help },
    Group { name: "sunoem", about: "", bare: Bare::Help },
    Group { name: "kontronoem", about: "", bare: Bare::Help },
    Group { name: "fwum", about: "", bare: Bare::Help },
    Group { name: "ime", about: "", bare: Bare::Help },
    Group { name: "gendev", about: "", bare: Bare::Help },
    Group { name: "ekanalyzer", about: "", bare: Bare::Help },
    Group { name: "isol", about: "", bare: Bare::Help },
    Group { name: "tsol", about: "", bare: Bare::Help },
    Group { name: "shell", about: "Commands that are typed, in one session", bare: Bare::Runs },
    Group { name: "exec", about: "Commands from a file, in one session", bare: Bare::Help },
    Group { name: "set", about: "Settings for shell and exec", bare: Bare::Help },
    Group { name: "echo", about: "", bare: Bare::Runs },
];

async fn all(tool: &mut Tool) -> Ended {
    let words = tool.options.words.clone();
    match words.first().map(String::as_str) {
        Some("help") => {
            commands(tool);
            return Ok(());
        }
        None => {
            session::open(tool).await?;
            tool.error("No command provided!");
            commands(tool);
            return Err(Failed);
        }
        Some(_) => {}
    }
    if needs_session(&words) {
        session::open(tool).await?;
    }
    sel::announce(tool);
    command(tool, &words).await
}

/// Whether the words ask the BMC for anything: the original logs in before it says how it is used.
fn needs_session(words: &[String]) -> bool {
    let Some((group, rest)) = words.split_first() else { return true };
    let known = GROUPS.iter().find(|known| known.name == group);
    let is_help = |word: &String| word == "help";
    match rest {
        [] => known.is_none_or(|known| known.bare == Bare::Runs),
        // Further behind, it may as well be a user's name or a password.
        rest => {
            let asks = rest.len() <= 3 && rest.last().is_some_and(is_help);
            !rest.first().is_some_and(is_help) && !asks
        }
    }
}

/// Runs one command: those of `shell` and `exec`, too.
async fn command(tool: &Tool, words: &[String]) -> Ended {
    let ended = by_name(tool, words).await;
    if tool.cut_short.take() { Err(Failed) } else { ended }
}

async fn by_name(tool: &Tool, words: &[String]) -> Ended {
    let Some((group, rest)) = words.split_first() else { return Ok(()) };
    match group.as_str() {
        "raw" => raw::run(tool, rest).await,
        "chassis" => chassis::run(tool, rest).await,
        "echo" => {
            script::echo(tool, rest);
            Ok(())
        }
        "exec" => script::exec(tool, rest).await,
        "power" => chassis::power(tool, rest).await,
        "sdr" => sdr::run(tool, rest).await,
        "sensor" => sensor::run(tool, rest).await,
        "event" => sel::event::run(tool, rest).await,
        "mc" | "bmc" => mc::run(tool, rest).await,
        "fru" => fru::run(tool, rest).await,
        "sel" => sel::run(tool, rest).await,
        "lan" => lan::run(tool, rest).await,
        "lan6" => lan6::run(tool, rest).await,
        "channel" => channel::run(tool, rest).await,
        "session" => sessions::run(tool, rest).await,
        "user" => user::run(tool, rest).await,
        "dcmi" => dcmi::run(tool, rest).await,
        "firewall" => firewall::run(tool, rest).await,
        "i2c" => i2c::run(tool, rest).await,
        "spd" => i2c::spd(tool, rest).await,
        "pef" => pef::run(tool, rest).await,
        "sol" => sol::run(tool, rest).await,
        group @ ("hpm" | "picmg" | "vita" | "nm" | "delloem" | "sunoem" | "kontronoem" | "fwum"
        | "ime" | "gendev" | "ekanalyzer" | "isol" | "tsol") => foreign::run(tool, group, rest),
        "set" => script::set(tool, rest),
        "shell" => script::shell(tool).await,
        other => {
            tool.error(&format!("Invalid command: {other}"));
            commands(tool);
            Err(Failed)
        }
    }
}

/// Which groups there are, on standard error.
fn commands(tool: &Tool) {
    tool.notice("Commands:");
    for Group { name, about, .. } in GROUPS.iter().filter(|group| !group.about.is_empty()) {
        tool.notice(&format!("\t{name:<12}  {about}"));
    }
    tool.notice("");
}
