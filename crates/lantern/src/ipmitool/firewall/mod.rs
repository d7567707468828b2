//! `firewall`: which commands a BMC takes on a channel.

mod change;
mod shown;
mod state;

use super::number::number;
use super::sol::channel_number;
use super::tool::{Ended, Failed, Tool};

/// "The channel that this comes over".
const PRESENT: u8 = 0x0e;

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["info", "help", ..] => {
            info_help(tool);
            Ok(())
        }
        // In the original it succeeds even if the words make no sense.
        ["info", rest @ ..] => match Meant::parse(tool, rest, false) {
            Ok(meant) => shown::info(tool, meant).await,
            Err(Failed) => {
                info_help(tool);
                Ok(())
            }
        },
        [what @ ("enable" | "disable"), rest @ ..] => {
            let enable = *what == "enable";
            match rest {
                [] | ["help", ..] => {
                    change_help(tool, enable);
                    Ok(())
                }
                rest => change::run(tool, enable, Meant::parse(tool, rest, true)?).await,
            }
        }
        ["reset"] => {
            tool.error("Not enough parameters given.");
            help(tool);
            Err(Failed)
        }
        ["reset", rest @ ..] if rest.first() != Some(&"help") => {
            change::reset(tool, Meant::parse(tool, rest, true)?).await
        }
        _ => {
            help(tool);
            Ok(())
        }
    }
}

/// What the words mean.
#[derive(Clone, Copy)]
struct Meant {
    channel: u8,
    lun: Option<u8>,
    netfn: Option<u8>,
    command: Option<u8>,
    sub_function: Option<u8>,
    force: bool,
}

impl Meant {
    /// Whoever `changes` something has to be understood: with one word misspelt, `command 2` is all commands of
    /// a network function, to the original. It passes over what it does not know, and so does `info`.
    fn parse(tool: &Tool, words: &[&str], changes: bool) -> Result<Self, Failed> {
        let mut meant = Self {
            channel: PRESENT,
            lun: None,
            netfn: None,
            command: None,
            sub_function: None,
            force: false,
        };
        let mut rest = words;
        // A number that was never said, or is below zero, is none.
        let (mut lun, mut netfn, mut command, mut sub_function) = (-1, -1, -1, -1);
        while let [word, behind @ ..] = rest {
            rest = behind;
            if *word == "force" {
                meant.force = true;
                continue;
            }
            let known = matches!(*word, "channel" | "lun" | "netfn" | "command" | "subfn");
            let ([value, behind @ ..], true) = (rest, known) else {
                if changes {
                    tool.error(&match known {
                        true => format!("Nothing is given for {word}."),
                        false => format!("Given option '{word}' is unknown."),
                    });
                    return Err(Failed);
                }
                continue;
            };
            rest = behind;
            if *word == "channel" {
                meant.channel = channel_number(tool, value)?;
                continue;
            }
            let Some(value) = number::<i32>(value) else {
                tool.error(&format!("Given {word} '{value}' is invalid."));
                return Err(Failed);
            };
            match *word {
                "lun" => lun = value,
                "netfn" => netfn = value,
                "command" => command = value,
                _ => sub_function = value,
            }
        }
        for (name, value, most) in [
            ("subfn", sub_function, 31),
            ("command", command, 255),
            ("netfn", netfn, 63),
            ("lun", lun, 3),
        ] {
            if value > most {
                tool.error(&format!("{name} is out of range (0-{most})"));
                return Err(Failed);
            }
        }
        for (name, value, needs, there) in [
            ("netfn", netfn, "lun", lun),
            ("command", command, "netfn", netfn),
            ("subfn", sub_function, "command", command),
        ] {
            if value >= 0 && there < 0 {
                tool.error(&format!("if {name} is set, so must be {needs}"));
                return Err(Failed);
            }
        }
        let known = |value: i32| u8::try_from(value).ok();
        (meant.lun, meant.netfn) = (known(lun), known(netfn));
        (meant.command, meant.sub_function) = (known(command), known(sub_function));
        Ok(meant)
    }
}

fn help(tool: &Tool) {
    tool.notice("firewall info [channel H] [lun L [netfn N [command C]]]");
    tool.notice("firewall enable [channel H] lun L netfn N [command C [subfn S]]");
    tool.notice("firewall disable [channel H] lun L netfn N [command C [subfn S]] [force]");
    tool.notice("firewall reset channel H");
}

fn info_help(tool: &Tool) {
    tool.notice("firewall info [channel H]                          all commands, as masks");
    tool.notice("firewall info [channel H] lun L                    those at a logical unit");
    tool.notice("firewall info [channel H] lun L netfn N            those of a network function");
    tool.notice("firewall info [channel H] lun L netfn N command C  one, with its sub-functions");
}

/// This is on standard output.
fn change_help(tool: &Tool, enable: bool) {
    let (able, force) = if enable { ("enable", "") } else { ("disable", " [force]") };
    tool.print(&format!(
        "{able} [channel H] lun L netfn N{force}\n\
         \t{able} all commands on this LUN/NetFn pair\n\
         {able} [channel H] lun L netfn N command C{force}\n\
         \t{able} Command C and all its Sub-functions for this LUN/NetFn pair\n\
         {able} [channel H] lun L netfn N command C subfn S\n\
         \t{able} Sub-function S for Command C for this LUN/NetFn pair\n"
    ));
    if !enable {
        tool.print(
            "* force will allow you to disable the \"Command Set Enable\" command\n\
             \tthereby letting you shoot yourself in the foot\n\
             \tthis is only recommended for advanced users\n",
        );
    }
}
