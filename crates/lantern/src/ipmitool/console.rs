//! `sol activate` and `sol looptest`: the console itself, with the words of the original.

use std::io::IsTerminal;
use std::time::Duration;

use ipmi_client::sol::{Console, Ended as Over, Heard, Options};
use ipmi_client::{Error, ErrorKind, Failure};
use ipmi_wire::CompletionCode;

use super::number::number;
use super::sol::help;
use super::text;
use super::tool::{Ended, Failed, Refusal, Tool};
use crate::console::keys::{Keys, Typed};
use crate::console::{Desk, Left, Manner, attend};

/// After how much silence the BMC is asked whether it is there.
const PROBE: Duration = Duration::from_secs(3);

pub(super) async fn activate(tool: &Tool, words: &[&str]) -> Ended {
    let (mut instance, mut probe) = (1_u8, Some(PROBE));
    for word in words {
        match word.strip_prefix("instance=") {
            Some(value) => {
                instance = number(value).ok_or_else(|| {
                    tool.error(&format!("Given instance '{value}' is invalid."));
                    help(tool);
                    Failed
                })?;
            }
            // What is sent to see whether the BMC is there is never a character for the system.
            None if *word == "usesolkeepalive" => {}
            None if *word == "nokeepalive" => probe = None,
            None => {
                help(tool);
                return Err(Failed);
            }
        }
    }
    let console = open(tool, instance, probe).await?;
    let escape = tool.options.escape.unwrap_or(b'~');
    let linger = Duration::ZERO;
    let Ok(mut desk) = Desk::open(Keys::new(Some(escape)), None, false, linger) else {
        tool.error("Error in SOL session");
        return Err(Failed);
    };
    // What a script types as soon as it sees this is for the system already. The original says it
    // before its terminal is raw: the end of the line is a terminal's.
    let is_shown_raw = desk.has_terminal() && std::io::stdout().is_terminal();
    let end = if is_shown_raw { "\r\n" } else { "\n" };
    desk.show(format!("{}{end}", banner(tool))).await;
    let ended = sit(tool, console, &mut desk, escape).await;
    desk.close().await;
    ended
}

/// Sits at the console until there is a reason to leave.
async fn sit(tool: &Tool, mut console: Console, desk: &mut Desk, escape: u8) -> Ended {
    let left = attend(&mut console, desk, &Original { escape }).await;
    match left {
        Left::Quit | Left::InputEnded | Left::ScreenGone => {
            // The original does not look either.
            let _ = console.deactivate().await;
            Ok(())
        }
        Left::Signal(_) => {
            let _ = console.deactivate().await;
            Err(Failed)
        }
        Left::Ended(over) => {
            desk.release();
            tool.error(match over {
                Over::Lost => "Error: No response to keepalive - Terminating session",
                _ => "SOL session closed by BMC",
            });
            Err(Failed)
        }
    }
}

pub(super) async fn loop_test(tool: &Tool, words: &[&str]) -> Ended {
    if words.len() > 3 {
        help(tool);
        return Err(Failed);
    }
    let given = |at: usize, what: &str, missing: i32| match words.get(at) {
        None => Ok(missing),
        Some(word) => number::<i32>(word).ok_or_else(|| {
            tool.error(&format!("Given {what} '{word}' is invalid."));
            Failed
        }),
    };
    let times = given(0, "cnt", 200)?;
    let times = if times <= 0 { 200 } else { times };
    let pause = u64::try_from(given(1, "interval", 100)?).unwrap_or(0);
    let instance = match words.get(2) {
        None => 1,
        Some(word) => number::<u8>(word).ok_or_else(|| {
            tool.error(&format!("Given instance '{word}' is invalid."));
            help(tool);
            Failed
        })?,
    };
    for left in (1..=times).rev() {
        tool.print(&format!("remain loop test counter: {left}\n"));
        let Ok(console) = open(tool, instance, None).await else {
            tool.print("SOL looptest failed: -1\n");
            return Err(Failed);
        };
        tool.print(&format!("{}\n", banner(tool)));
        tool.flush();
        let _ = console.deactivate().await;
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    Ok(())
}

/// Activates.
async fn open(tool: &Tool, instance: u8, probe: Option<Duration>) -> Result<Console, Failed> {
    if tool.options.interface.as_deref() != Some("lanplus") {
        tool.error("Error: This command is only available over the lanplus interface");
        return Err(Failed);
    }
    if !(1..=15).contains(&instance) {
        tool.error("Error: Instance must range from 1 to 15");
        return Err(Failed);
    }
    let options = Options { instance, probe, ..Options::default() };
    let console = tool.bmc()?.console(options).await.map_err(|error| {
        tool.error(&why(&error));
        Failed
    })?;
    Ok(console)
}

fn banner(tool: &Tool) -> String {
    let escape = char::from(tool.options.escape.unwrap_or(b'~'));
    format!("[SOL Session operational.  Use {escape}? for help]")
}

fn why(error: &Error) -> String {
    if let ErrorKind::Call(Failure::PrivilegeRefused { completion, .. }) = &*error.kind {
        return format!("Error activating SOL payload: {}", text::completion(*completion));
    }
    let what = match Refusal::from(error) {
        Refusal::Code(CompletionCode(0x80)) => "SOL payload already active on another session",
        Refusal::Code(CompletionCode(0x81)) => "SOL payload disabled",
        Refusal::Code(CompletionCode(0x82)) => "SOL payload activation limit reached",
        Refusal::Code(CompletionCode(0x83)) => "cannot activate SOL payload with encryption",
        Refusal::Code(CompletionCode(0x84)) => "cannot activate SOL payload without encryption",
        Refusal::Code(code) => {
            return format!("Error activating SOL payload: {}", text::completion(code));
        }
        Refusal::Malformed | Refusal::Silent => {
            return "Error: No response activating SOL payload".to_owned();
        }
    };
    format!("Info: {what}")
}

/// What the original says.
struct Original {
    escape: u8,
}

impl Manner for Original {
    fn typed(&self, typed: &Typed) -> Option<String> {
        let e = char::from(self.escape);
        Some(match typed {
            Typed::Quit => format!("{e}. [terminated ipmitool]\n"),
            Typed::Suspend { .. } => format!("{e}^Z [suspend ipmitool]\n"),
            Typed::Break => format!("{e}B [send break]\n"),
            Typed::Help => format!(
                "{e}?\n\tSupported escape sequences:\n\
                 \t{e}.  - terminate connection\n\
                 \t{e}^Z - suspend ipmitool\n\
                 \t{e}^X - suspend ipmitool, but don't restore tty on restart\n\
                 \t{e}B  - send break\n\
                 \t{e}?  - this message\n\
                 \t{e}{e}  - send the escape character by typing it twice\n\
                 \t(Note that escapes are only recognized immediately after newline.)\n"
            ),
            Typed::Characters(_) => return None,
        })
    }

    /// It says nothing of all that.
    fn heard(&self, _: &Heard) -> Option<String> {
        None
    }
}
