//! `lan6`: how a channel is reached by IPv6.

mod parameter;
mod value;

use ipmi_wire::cmd::transport::{
    GetLanConfigurationParameters, LanParameter, SetLanConfigurationParameters,
};
use ipmi_wire::{Channel, CompletionCode};

use super::access;
use super::number::number;
use super::text;
use super::tool::{Ended, Failed, Refusal, Tool};
use parameter::{Kind, PARAMETERS, Parameter};

/// What can be done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Save,
    Set,
    Print,
    Lock,
    Commit,
    Discard,
    Help,
}

impl Verb {
    fn of(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "save" => Self::Save,
            "set" => Self::Set,
            "print" => Self::Print,
            "lock" => Self::Lock,
            "commit" => Self::Commit,
            "discard" => Self::Discard,
            "help" => Self::Help,
            _ => return None,
        })
    }
}

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let Some((word, rest)) = words.split_first() else {
        usage(tool, None);
        return Ok(());
    };
    let Some(verb) = Verb::of(word) else {
        usage(tool, None);
        return Err(Failed);
    };
    if verb == Verb::Help {
        usage(tool, rest.first().and_then(|word| Verb::of(word)));
        return Ok(());
    }
    let (channel, rest) = match (rest.split_first(), verb) {
        (Some((word, rest)), _) => match number::<i32>(word) {
            Some(channel) => (channel, rest),
            None => {
                tool.error(&format!("Invalid channel: {word}"));
                return Err(Failed);
            }
        },
        (None, Verb::Print | Verb::Save) => match access::first_lan(tool).await {
            0 => {
                tool.error("No LAN channel found");
                return Err(Failed);
            }
            channel => (i32::from(channel), rest),
        },
        (None, _) => {
            usage(tool, Some(verb));
            return Err(Failed);
        }
    };
    let of = Of { tool, number: channel, channel: channel_of(channel) };
    match verb {
        Verb::Lock => lied(of.progress(IN_PROGRESS).await),
        Verb::Discard => lied(of.progress(COMPLETE).await),
        Verb::Commit => lied(of.commit().await),
        Verb::Set => {
            let (lock, rest) = match rest.split_first() {
                Some((word, rest)) if word.eq_ignore_ascii_case("nolock") => (false, rest),
                _ => (true, rest),
            };
            let (selection, values) = selected(tool, verb, rest)?;
            of.set(selection, values, lock).await
        }
        _ => {
            let (selection, _) = selected(tool, verb, rest)?;
            of.show(selection, verb == Verb::Save).await
        }
    }
}

/// The low byte, as the original sends it.
fn channel_of(number: i32) -> Channel {
    let [low, ..] = number.to_le_bytes();
    Channel::new(low)
}

/// States of parameter 0.
const COMPLETE: u8 = 0;
const IN_PROGRESS: u8 = 1;
const COMMIT: u8 = 2;

/// A refusal by a completion code ends as a success, where nothing comes after it.
fn lied(result: Result<(), Refusal>) -> Ended {
    match result {
        Ok(()) | Err(Refusal::Code(_)) => Ok(()),
        Err(_) => Err(Failed),
    }
}

/// Which parameter, and of which set and block; `None` is all of them.
#[derive(Clone, Copy, Default)]
struct Selection {
    parameter: Option<&'static Parameter>,
    set: Option<i32>,
    block: Option<i32>,
}

/// Reads the selection, and returns the words that come then.
fn selected<'w>(
    tool: &Tool,
    verb: Verb,
    words: &'w [String],
) -> Result<(Selection, &'w [String]), Failed> {
    let wrong = |what: &str| {
        tool.error(&format!("invalid {what}"));
        usage(tool, Some(verb));
        Err(Failed)
    };
    let Some((name, rest)) = words.split_first() else {
        return Ok((Selection::default(), words));
    };
    let found = PARAMETERS.iter().find(|known| known.word.eq_ignore_ascii_case(name));
    let Some(parameter) = found else { return wrong("parameter") };
    let only = |is_many: bool| (!is_many).then_some(0);
    let mut selection = Selection {
        parameter: Some(parameter),
        set: only(parameter.is_set),
        block: only(parameter.has_blocks),
    };
    let (true, Some((word, rest))) = (parameter.is_set, rest.split_first()) else {
        return Ok((selection, rest));
    };
    match number::<i32>(word) {
        Some(set) if set >= parameter.first_set => selection.set = Some(set),
        _ => return wrong("set selector"),
    }
    let (true, Some((word, rest))) = (parameter.has_blocks, rest.split_first()) else {
        return Ok((selection, rest));
    };
    match number::<i32>(word) {
        Some(block) if block >= 0 => selection.block = Some(block),
        _ => return wrong("block selector"),
    }
    Ok((selection, rest))
}

/// A channel to be asked.
struct Of<'t> {
    tool: &'t Tool,
    /// As it was given.
    number: i32,
    channel: Channel,
}

/// A parameter that was read.
struct Got {
    parameter: &'static Parameter,
    set: i32,
    block: i32,
    data: Vec<u8>,
}

impl Of<'_> {
    async fn progress(&self, state: u8) -> Result<(), Refusal> {
        self.put(0, "Set In Progress", &[state]).await
    }

    async fn commit(&self) -> Result<(), Refusal> {
        self.progress(COMMIT).await?;
        self.progress(COMPLETE).await
    }

    async fn put(&self, selector: u8, name: &str, data: &[u8]) -> Result<(), Refusal> {
        self.tool.info(&format!("Setting parameter '{name}'"));
        let parameter = LanParameter::Other { selector, data: data.to_vec() };
        let command = SetLanConfigurationParameters { channel: self.channel, parameter };
        self.tool.send(&command).await.inspect_err(|refusal| self.refused("set", name, *refusal))
    }

    fn refused(&self, action: &str, name: &str, refusal: Refusal) {
        let why = match refusal {
            Refusal::Silent => "No response".to_owned(),
            Refusal::Code(code) => why(code),
            Refusal::Malformed => refusal.text(),
        };
        self.tool.error(&format!("Failed to {action} {name}: {why}"));
    }

    /// Reads one parameter into a field of so many bytes: what is missing is zeros.
    async fn get(
        &self,
        (selector, length): (u8, usize),
        set: i32,
        block: i32,
        quiet: bool,
    ) -> Result<Vec<u8>, Refusal> {
        let ([set, ..], [block, ..]) = (set.to_le_bytes(), block.to_le_bytes());
        let name = parameter::name(selector);
        self.tool.info(&format!("Getting parameter '{name}' set {set} block {block}"));
        let command = GetLanConfigurationParameters {
            set,
            block,
            ..GetLanConfigurationParameters::of(self.channel, selector)
        };
        match access::bytes(self.tool, &command).await {
            Ok(answer) => {
                let mut data = answer.get(1..).unwrap_or_default().to_vec();
                data.resize(length, 0);
                Ok(data)
            }
            Err(refusal) => {
                let is_absence =
                    matches!(refusal, Refusal::Code(CompletionCode(0x80 | 0xc9 | 0xcc)));
                if !(quiet && is_absence) {
                    self.refused("get", name, refusal);
                }
                Err(refusal)
            }
        }
    }

    /// Reads what belongs together.
    async fn whole(
        &self,
        parameter: &'static Parameter,
        set: i32,
        block: i32,
        quiet: bool,
    ) -> Result<Vec<u8>, Refusal> {
        match parameter.kind {
            Kind::Dhcpv6Timing => {
                let of = (parameter.selector, 18);
                let mut data = self.get(of, set, 0, quiet).await?;
                data.extend(self.get(of, set, 1, quiet).await?);
                Ok(data)
            }
            Kind::StaticRouter => {
                let first = match set {
                    ..=1 => 65,
                    2 => 69,
                    _ => return Err(Refusal::Malformed),
                };
                self.router(first, &[16, 6, 1, 16], 0, block, quiet).await
            }
            Kind::DynamicRouter => self.router(74, &[17, 7, 2, 17], set, block, quiet).await,
            _ => self.get((parameter.selector, parameter.length), set, block, quiet).await,
        }
    }

    /// The four parameters of a router, each with its set in front.
    async fn router(
        &self,
        first: u8,
        lengths: &[usize; 4],
        set: i32,
        block: i32,
        quiet: bool,
    ) -> Result<Vec<u8>, Refusal> {
        let mut all = Vec::new();
        for (selector, length) in (first..).zip(lengths) {
            let quiet = quiet && selector == first;
            let data = self.get((selector, *length), set, block, quiet).await?;
            if first != 74 {
                all.push(0);
            }
            all.extend(data);
        }
        Ok(all)
    }

    async fn show(&self, selection: Selection, save: bool) -> Ended {
        let tool = self.tool;
        let mut all = Vec::new();
        match selection.parameter {
            Some(parameter) => self.read(parameter, selection, false, &mut all).await?,
            None => {
                for parameter in &PARAMETERS {
                    self.read(parameter, selection, true, &mut all).await?;
                }
            }
        }
        let number = self.number;
        if save {
            tool.print(&format!("lan6 lock {number}\n"));
        }
        for Got { parameter, set, block, data } in &all {
            if !save {
                tool.print(&value::text(parameter, *set, *block, data));
                continue;
            }
            if parameter.format.is_none() {
                continue;
            }
            let set = if parameter.is_set { format!("{set} ") } else { String::new() };
            let block = if parameter.has_blocks { format!("{block} ") } else { String::new() };
            let (word, values) = (parameter.word, value::saved(parameter, data));
            tool.print(&format!("lan6 set {number} nolock {word} {set}{block}{values}\n"));
        }
        if save {
            tool.print(&format!("lan6 commit {number}\nlan6 discard {number}\nexit\n"));
        }
        Ok(())
    }

    /// Reads all of a parameter that are selected: sets and blocks go on until there is none.
    async fn read(
        &self,
        parameter: &'static Parameter,
        selection: Selection,
        mut quiet: bool,
        all: &mut Vec<Got>,
    ) -> Ended {
        let only_set = selection.set.or((!parameter.is_set).then_some(0));
        let only_block = selection.block.or((!parameter.has_blocks).then_some(0));
        // Selectors have a byte, so this ends.
        for set in only_set.unwrap_or(parameter.first_set)..=only_set.unwrap_or(255) {
            let mut found = false;
            for block in only_block.unwrap_or(0)..=only_block.unwrap_or(255) {
                match self.whole(parameter, set, block, quiet).await {
                    Ok(data) => all.push(Got { parameter, set, block, data }),
                    Err(_) if !quiet => return Err(Failed),
                    Err(_) => break,
                }
                (found, quiet) = (true, true);
            }
            if !found {
                break;
            }
        }
        Ok(())
    }

    async fn set(&self, selection: Selection, values: &[String], lock: bool) -> Ended {
        let tool = self.tool;
        let Some(parameter) = selection.parameter else {
            tool.error("invalid parameter, must be one of:");
            parameters(tool, true);
            return Err(Failed);
        };
        let (Some(set), Some(block)) = (selection.set, selection.block) else {
            let what = if selection.set.is_none() { "set" } else { "block" };
            tool.error(&format!("{what} selector is not specified"));
            return Err(Failed);
        };
        let Some(writes) = value::parsed(parameter, set, block, values) else {
            if !values.is_empty() {
                tool.error("invalid value");
            }
            tool.print(&parameter.usage(true).unwrap_or_default());
            return Err(Failed);
        };
        if lock && let Err(refusal) = self.progress(IN_PROGRESS).await {
            return lied(Err(refusal));
        }
        // What cannot be written is not, and that is that.
        let writes = if parameter.format.is_some() { writes } else { Vec::new() };
        for (selector, data) in writes {
            if self.put(selector, parameter::name(selector), &data).await.is_err() {
                if lock {
                    let _ = self.progress(COMPLETE).await;
                }
                return Err(Failed);
            }
        }
        if lock { lied(self.commit().await) } else { Ok(()) }
    }
}

fn why(code: CompletionCode) -> String {
    match code.0 {
        0x80 => "Parameter not supported".to_owned(),
        0x81 => "Set already in progress".to_owned(),
        0x82 => "Parameter is read-only".to_owned(),
        0x83 => "Write-only parameter".to_owned(),
        _ => text::completion(code),
    }
}

/// How it is used. Here that is on standard output.
fn usage(tool: &Tool, verb: Option<Verb>) {
    let of = |this: Verb| verb.is_none_or(|verb| verb == this);
    for (this, text) in [
        (Verb::Help, "help [command]"),
        (Verb::Save, "save <channel> [<parameter> [<set_sel> [<block_sel>]]]"),
        (Verb::Set, "set <channel> [nolock] <parameter> [<set_sel> [<block_sel>]] <values...>"),
        (Verb::Print, "print <channel> [<parameter> [<set_sel> [<block_sel>]]]"),
        (Verb::Lock, "lock <channel>"),
        (Verb::Commit, "commit <channel>"),
        (Verb::Discard, "discard <channel>"),
    ] {
        let shown = match this {
            Verb::Help => verb.is_none() || verb == Some(Verb::Help),
            this => of(this),
        };
        if shown {
            tool.print(&format!("  {text}\n"));
        }
    }
    if let Some(verb @ (Verb::Save | Verb::Print | Verb::Set)) = verb {
        tool.print("\n   available parameters:\n");
        parameters(tool, verb != Verb::Print);
    }
}

fn parameters(tool: &Tool, to_write: bool) {
    let lines = PARAMETERS.iter().filter_map(|parameter| parameter.usage(to_write));
    tool.print(&lines.collect::<String>());
}
