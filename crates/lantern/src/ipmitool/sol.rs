//! `sol`: how Serial over LAN is set, and who may use it. The console itself is next door.

use ipmi_wire::cmd::app::{GetUserPayloadAccess, PayloadAccess, SetUserPayloadAccess};
use ipmi_wire::cmd::chassis::SetInProgress;
use ipmi_wire::cmd::transport::{
    BitRate, GetSolConfigurationParameters, SetSolConfigurationParameters, SolAuthentication,
    SolParameter,
};
use ipmi_wire::{Channel, CompletionCode, NetFn, Request};

use super::console;
use super::number::number;
use super::text;
use super::tool::{Ended, Failed, Refusal, Tool};

/// "The channel that this comes over".
const PRESENT: u8 = 0x0e;

/// The payload type of Serial over LAN.
const SOL: u8 = 1;

/// Deactivate Payload. IPMI v2.0 §24.2.
const DEACTIVATE_PAYLOAD: u8 = 0x49;

/// What parameters are called, by their numbers.
const NAMES: [&str; 9] = [
    "Set In Progress (0)",
    "Enable (1)",
    "Authentication (2)",
    "Character Interval (3)",
    "Retry (4)",
    "Nonvolatile Bitrate (5)",
    "Volatile Bitrate (6)",
    "Payload Channel (7)",
    "Payload Port (8)",
];

/// Bit rates in words; `info` has another word for the first.
const RATES: [(&str, BitRate); 6] = [
    ("serial", BitRate::SERIAL),
    ("9.6", BitRate::B9600),
    ("19.2", BitRate::B19200),
    ("38.4", BitRate::B38400),
    ("57.6", BitRate::B57600),
    ("115.2", BitRate::B115200),
];

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help", ..] => {
            help(tool);
            Ok(())
        }
        ["info"] => info(tool, PRESENT).await,
        ["info", channel] => info(tool, channel_number(tool, channel)?).await,
        ["payload", what, rest @ ..] if rest.len() <= 2 => payload(tool, what, rest).await,
        ["set", rest @ ..] => set_words(tool, rest).await,
        ["activate", rest @ ..] => console::activate(tool, rest).await,
        ["looptest", rest @ ..] => console::loop_test(tool, rest).await,
        ["deactivate", rest @ ..] => deactivate(tool, rest).await,
        _ => {
            help(tool);
            Err(Failed)
        }
    }
}

/// A channel by its number, if there can be one.
pub(super) fn channel_number(tool: &Tool, word: &str) -> Result<u8, Failed> {
    match number::<u8>(word) {
        Some(channel @ (0..=0x0b | 0x0e | 0x0f)) => Ok(channel),
        _ => {
            tool.error(&format!(
                "Given Channel number '{word}' is either invalid or out of range."
            ));
            tool.error("Channel number must be from ranges: <0x0..0xB>, <0xE..0xF>");
            Err(Failed)
        }
    }
}

async fn payload(tool: &Tool, what: &str, rest: &[&str]) -> Ended {
    let channel = match rest.first() {
        Some(word) => channel_number(tool, word)?,
        None => PRESENT,
    };
    let user = match rest.get(1) {
        None => 1,
        Some(word) => match number::<u8>(word) {
            Some(user @ 1..=63) => user,
            _ => {
                tool.error(&format!("Given User ID '{word}' is either invalid or out of range."));
                tool.error("User ID is limited to range <1..63>.");
                return Err(Failed);
            }
        },
    };
    let on_channel = Channel::new(channel);
    let enable = match what {
        "enable" => true,
        "disable" => false,
        "status" => {
            let question = GetUserPayloadAccess { channel: on_channel, user_id: user };
            return match tool.send(&question).await {
                Ok(access) => {
                    let may = access.payloads.standard & PayloadAccess::SOL.standard != 0;
                    let able = if may { "en" } else { "dis" };
                    tool.print(&format!("User {user} on channel {channel} is {able}abled\n"));
                    Ok(())
                }
                Err(refusal) => {
                    tool.error(&match refusal {
                        Refusal::Silent => "Error. No valid response received.".to_owned(),
                        Refusal::Malformed => format!(
                            "Error parsing SOL payload status for user {user} on channel {channel}"
                        ),
                        Refusal::Code(code) => format!(
                            "Error getting SOL payload status for user {user} on channel \
                             {channel}: {}",
                            text::completion(code)
                        ),
                    });
                    Err(Failed)
                }
            };
        }
        _ => {
            help(tool);
            return Err(Failed);
        }
    };
    let payloads = PayloadAccess::SOL;
    let command = SetUserPayloadAccess { channel: on_channel, user_id: user, enable, payloads };
    tool.send(&command).await.map_err(|refusal| {
        let able = if enable { "en" } else { "dis" };
        let what = format!("Error {able}abling SOL payload for user {user} on channel {channel}");
        tool.error(&match refusal {
            Refusal::Code(code) => format!("{what}: {}", text::completion(code)),
            _ => what,
        });
        Failed
    })
}

async fn deactivate(tool: &Tool, words: &[&str]) -> Ended {
    let mut instance = 1_u8;
    for word in words {
        let Some(value) = word.strip_prefix("instance=") else {
            help(tool);
            return Err(Failed);
        };
        instance = number(value).ok_or_else(|| {
            tool.error(&format!("Given instance '{value}' is invalid."));
            help(tool);
            Failed
        })?;
    }
    if !(1..=15).contains(&instance) {
        tool.error("Error: Instance must range from 1 to 15");
        return Err(Failed);
    }
    let data = vec![SOL, instance, 0, 0, 0, 0];
    let request = Request { netfn: NetFn::App, lun: 0, cmd: DEACTIVATE_PAYLOAD, data };
    let why = match tool.send_raw(request).await.map(|answer| answer.completion) {
        Some(code) if code.is_ok() => return Ok(()),
        Some(CompletionCode(0x80)) => "Info: SOL payload already de-activated".to_owned(),
        Some(CompletionCode(0x81)) => "Info: SOL payload type disabled".to_owned(),
        Some(code) => format!("Error de-activating SOL payload: {}", text::completion(code)),
        None => "Error: No response de-activating SOL payload".to_owned(),
    };
    tool.error(&why);
    Err(Failed)
}

/// All parameters. What a BMC does not have is zero, as the original has it.
struct Settings {
    progress: SetInProgress,
    enabled: bool,
    authentication: SolAuthentication,
    /// Interval and threshold.
    accumulate: (u8, u8),
    /// Count and interval.
    retry: (u8, u8),
    non_volatile: BitRate,
    volatile: BitRate,
    channel: u8,
    port: u16,
}

async fn read(tool: &Tool, channel: u8) -> Result<Settings, Failed> {
    let mut settings = Settings {
        progress: SetInProgress::Complete,
        enabled: false,
        authentication: SolAuthentication {
            force_encryption: false,
            force_authentication: false,
            privilege: 0,
        },
        accumulate: (0, 0),
        retry: (0, 0),
        non_volatile: BitRate::SERIAL,
        volatile: BitRate::SERIAL,
        channel: 0,
        port: 0,
    };
    for (selector, name) in (0_u8..).zip(NAMES) {
        let question = GetSolConfigurationParameters::of(Channel::new(channel), selector);
        match tool.send(&question).await.map(|answer| answer.parameter) {
            Ok(Some(parameter)) => settings.take(parameter),
            Ok(None) => {}
            Err(Refusal::Malformed) => tool.error(&format!(
                "Error: Unexpected data length received for SOL parameter '{name}'"
            )),
            Err(Refusal::Code(CompletionCode(0x80))) => {
                let instead = match selector {
                    7 => {
                        settings.channel = channel;
                        format!(" - defaulting to 0x{channel:02x}")
                    }
                    8 => {
                        settings.port = port(tool);
                        format!(" - defaulting to {}", settings.port)
                    }
                    _ => String::new(),
                };
                tool.error(&format!("Info: SOL parameter '{name}' not supported{instead}"));
            }
            Err(Refusal::Code(code)) => {
                let why = text::completion(code);
                tool.error(&format!("Error requesting SOL parameter '{name}': {why}"));
                return Err(Failed);
            }
            Err(Refusal::Silent) => {
                tool.error(&format!("Error: No response requesting SOL parameter '{name}'"));
                return Err(Failed);
            }
        }
    }
    Ok(settings)
}

/// The port that the session is on.
fn port(tool: &Tool) -> u16 {
    if tool.options.port == 0 { 623 } else { tool.options.port }
}

impl Settings {
    fn take(&mut self, parameter: SolParameter) {
        match parameter {
            SolParameter::SetInProgress(progress) => self.progress = progress,
            SolParameter::Enable(enabled) => self.enabled = enabled,
            SolParameter::Authentication(authentication) => self.authentication = authentication,
            SolParameter::Accumulate { interval, threshold } => {
                self.accumulate = (interval, threshold);
            }
            SolParameter::Retry { count, interval } => self.retry = (count, interval),
            SolParameter::NonVolatileBitRate(rate) => self.non_volatile = rate,
            SolParameter::VolatileBitRate(rate) => self.volatile = rate,
            SolParameter::PayloadChannel(channel) => self.channel = channel.number(),
            SolParameter::PayloadPort(port) => self.port = port,
            SolParameter::Other { .. } => {}
        }
    }
}

async fn info(tool: &Tool, channel: u8) -> Ended {
    let settings = read(tool, channel).await?;
    let progress = match settings.progress {
        SetInProgress::Complete => "set-complete",
        SetInProgress::InProgress => "set-in-progress",
        SetInProgress::CommitWrite => "commit-write",
    };
    let SolAuthentication { force_encryption, force_authentication, privilege } =
        settings.authentication;
    let privilege = privilege_text(privilege);
    let Settings { enabled, channel, port, .. } = settings;
    let ((accumulate, threshold), (count, interval)) = (settings.accumulate, settings.retry);
    let (accumulate, interval) = (u16::from(accumulate) * 5, u16::from(interval) * 10);
    let (volatile, fixed) = (rate(settings.volatile), rate(settings.non_volatile));
    tool.print(&if tool.csv.get() {
        // The original has the encryption twice and the authentication never.
        format!(
            "{progress},{enabled},{force_encryption},{force_encryption},{privilege},{accumulate},\
             {threshold},{count},{interval},{volatile},{fixed},{channel},{port}\n"
        )
    } else {
        format!(
            "Set in progress                 : {progress}\n\
             Enabled                         : {enabled}\n\
             Force Encryption                : {force_encryption}\n\
             Force Authentication            : {force_authentication}\n\
             Privilege Level                 : {privilege}\n\
             Character Accumulate Level (ms) : {accumulate}\n\
             Character Send Threshold        : {threshold}\n\
             Retry Count                     : {count}\n\
             Retry Interval (ms)             : {interval}\n\
             Volatile Bit Rate (kbps)        : {volatile}\n\
             Non-Volatile Bit Rate (kbps)    : {fixed}\n\
             Payload Channel                 : {channel} (0x{channel:02x})\n\
             Payload Port                    : {port}\n"
        )
    });
    Ok(())
}

fn privilege_text(privilege: u8) -> String {
    let text = match privilege {
        1 => "CALLBACK",
        2 => "USER",
        3 => "OPERATOR",
        4 => "ADMINISTRATOR",
        5 => "OEM",
        0x0f => "NO ACCESS",
        other => return format!("Unknown (0x{other:02X})"),
    };
    text.to_owned()
}

fn rate(rate: BitRate) -> String {
    match RATES.iter().find(|(_, known)| *known == rate) {
        Some((_, BitRate::SERIAL)) => "IPMI-Over-Serial-Setting".to_owned(),
        Some((text, _)) => (*text).to_owned(),
        None => format!("Unknown (0x{:02X})", rate.number()),
    }
}

async fn set_words(tool: &Tool, words: &[&str]) -> Ended {
    let (name, value, channel, guarded) = match *words {
        [name, value] => (name, value, PRESENT, true),
        [name, value, "noguard"] => (name, value, PRESENT, false),
        [name, value, channel] => (name, value, channel_number(tool, channel)?, true),
        [name, value, channel, guard] => {
            (name, value, channel_number(tool, channel)?, guard != "noguard")
        }
        _ => {
            set_help(tool);
            return Err(Failed);
        }
    };
    let parameter = parameter(tool, channel, name, value).await?;
    let guarded = guarded && !matches!(parameter, SolParameter::SetInProgress(_));
    let progress = async |state, value| {
        set(tool, channel, "set-in-progress", value, SolParameter::SetInProgress(state)).await
    };
    let complete = async || {
        progress(SetInProgress::Complete, "set-complete").await.inspect_err(|_| {
            tool.error("Error could not set \"set-in-progress\" to \"set-complete\"");
        })
    };
    if guarded && progress(SetInProgress::InProgress, "set-in-progress").await.is_err() {
        tool.error(&format!("Error: set of parameter \"{name}\" failed"));
        return Err(Failed);
    }
    match set(tool, channel, name, value, parameter).await {
        Ok(()) if !guarded => Ok(()),
        Ok(()) => {
            // Not every BMC can do this one.
            progress(SetInProgress::CommitWrite, "commit-write").await.ok();
            complete().await
        }
        Err(failed) => {
            if guarded {
                complete().await.ok();
            }
            Err(failed)
        }
    }
}

/// Sets one parameter.
async fn set(tool: &Tool, channel: u8, name: &str, value: &str, parameter: SolParameter) -> Ended {
    let may_be_refused = parameter == SolParameter::SetInProgress(SetInProgress::CommitWrite);
    let command = SetSolConfigurationParameters { channel: Channel::new(channel), parameter };
    let refusal = match tool.send(&command).await {
        Ok(()) => return Ok(()),
        Err(Refusal::Code(_)) if may_be_refused => return Ok(()),
        Err(refusal) => refusal,
    };
    let why = match refusal {
        Refusal::Code(CompletionCode(0x80)) => ": Parameter not supported".to_owned(),
        Refusal::Code(CompletionCode(0x81)) => {
            ": Attempt to set set-in-progress when not in set-complete state".to_owned()
        }
        Refusal::Code(CompletionCode(0x82)) => ": Attempt to write read-only parameter".to_owned(),
        Refusal::Code(CompletionCode(0x83)) => ": Attempt to read write-only parameter".to_owned(),
        Refusal::Code(code) => format!(" to '{value}': {}", text::completion(code)),
        _ => String::new(),
    };
    tool.error(&format!("Error setting SOL parameter '{name}'{why}"));
    Err(Failed)
}

/// The parameter that is meant. Its other half, if it has one, is read.
async fn parameter(
    tool: &Tool,
    channel: u8,
    name: &str,
    value: &str,
) -> Result<SolParameter, Failed> {
    let invalid = |valid: &str| {
        tool.error(&format!("Invalid value {value} for parameter {name}"));
        tool.error(&format!("Valid values are {valid}"));
        Failed
    };
    let flag = || match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(invalid("true and false")),
    };
    let within = |least: u8, most: u8| {
        let fits = number::<u8>(value).filter(|number| (least..=most).contains(number));
        fits.ok_or_else(|| invalid(&format!("{least}-{most}")))
    };
    let present = async || {
        read(tool, channel).await.inspect_err(|_| {
            tool.error(&format!("Error fetching SOL parameters for {name} update"));
        })
    };
    Ok(match name {
        "set-in-progress" => SolParameter::SetInProgress(match value {
            "set-complete" => SetInProgress::Complete,
            "set-in-progress" => SetInProgress::InProgress,
            "commit-write" => SetInProgress::CommitWrite,
            _ => return Err(invalid("set-complete, set-in-progress and commit-write")),
        }),
        "enabled" => SolParameter::Enable(flag()?),
        "force-encryption" => {
            let force_encryption = flag()?;
            let authentication = present().await?.authentication;
            SolParameter::Authentication(SolAuthentication { force_encryption, ..authentication })
        }
        "force-authentication" => {
            let force_authentication = flag()?;
            let authentication = present().await?.authentication;
            SolParameter::Authentication(SolAuthentication {
                force_authentication,
                ..authentication
            })
        }
        "privilege-level" => {
            let privilege = match value {
                "user" => 2,
                "operator" => 3,
                "admin" => 4,
                "oem" => 5,
                _ => return Err(invalid("user, operator, admin, and oem")),
            };
            let authentication = present().await?.authentication;
            SolParameter::Authentication(SolAuthentication { privilege, ..authentication })
        }
        "character-accumulate-level" => {
            let interval = within(1, u8::MAX)?;
            let (_, threshold) = present().await?.accumulate;
            SolParameter::Accumulate { interval, threshold }
        }
        "character-send-threshold" => {
            let threshold = within(0, u8::MAX)?;
            let (interval, _) = present().await?.accumulate;
            SolParameter::Accumulate { interval, threshold }
        }
        "retry-count" => {
            let count = within(0, 7)?;
            let (_, interval) = present().await?.retry;
            SolParameter::Retry { count, interval }
        }
        "retry-interval" => {
            let interval = within(0, u8::MAX)?;
            let (count, _) = present().await?.retry;
            SolParameter::Retry { count, interval }
        }
        "non-volatile-bit-rate" | "volatile-bit-rate" => {
            let Some((_, rate)) = RATES.iter().find(|(text, _)| *text == value) else {
                return Err(invalid("serial, 9.6, 19.2, 38.4, 57.6 and 115.2"));
            };
            match name {
                "volatile-bit-rate" => SolParameter::VolatileBitRate(*rate),
                _ => SolParameter::NonVolatileBitRate(*rate),
            }
        }
        _ => {
            tool.error(&format!("Error: invalid SOL parameter {name}"));
            return Err(Failed);
        }
    })
}

pub(super) fn help(tool: &Tool) {
    tool.notice("SOL Commands: info [<channel>]");
    tool.notice("              set <parameter> <value> [<channel>]");
    tool.notice("              payload enable|disable|status [<channel> [<user ID>]]");
    tool.notice("              activate [usesolkeepalive|nokeepalive] [instance=<number>]");
    tool.notice("              deactivate [instance=<number>]");
    tool.notice("              looptest [<times> [<interval in ms> [<instance>]]]");
}

fn set_help(tool: &Tool) {
    tool.notice("sol set <parameter> <value> [<channel>], with these:");
    for (name, values) in [
        ("set-in-progress", "set-complete | set-in-progress | commit-write"),
        ("enabled", "true | false"),
        ("force-encryption", "true | false"),
        ("force-authentication", "true | false"),
        ("privilege-level", "user | operator | admin | oem"),
        ("character-accumulate-level", "1 to 255, in 5 ms"),
        ("character-send-threshold", "0 to 255"),
        ("retry-count", "0 to 7"),
        ("retry-interval", "0 to 255, in 10 ms"),
        ("non-volatile-bit-rate", "serial | 9.6 | 19.2 | 38.4 | 57.6 | 115.2"),
        ("volatile-bit-rate", "serial | 9.6 | 19.2 | 38.4 | 57.6 | 115.2"),
    ] {
        tool.notice(&format!("  {name:<26}  {values}"));
    }
}
