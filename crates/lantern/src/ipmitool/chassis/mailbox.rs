//! `chassis bootmbox`: the mailbox in which whoever boots a machine leaves word for its firmware.

use ipmi_wire::cmd::chassis::{BootParameter, SetInProgress};

use super::boot::{FIRMWARE, LOADER, Setting};
use super::parameter::{self, Shown};
use crate::ipmitool::number::number;
use crate::ipmitool::tool::{Ended, Failed, Refusal, Tool};
use crate::ipmitool::word;

/// The mailbox's parameter.
const MAILBOX: u8 = 7;

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    // Whoever asks wrongly is told how to, and that all is well.
    let Some((command, mut rest)) = words.split_first().filter(|(word, _)| *word != "help") else {
        help(tool);
        return Ok(());
    };
    let mut as_text = false;
    if let [word, after @ ..] = rest
        && word == "text"
    {
        (as_text, rest) = (true, after);
    }
    let mut block = None;
    match rest {
        [word] if word == "block" => {
            help(tool);
            return Ok(());
        }
        [word, number_of, after @ ..] if word == "block" => {
            let sets = command == "set";
            // To the original the low byte of any is one, and a negative one means all.
            let given = number::<i16>(number_of);
            let Some(given) = given.filter(|given| !sets || u8::try_from(*given).is_ok()) else {
                tool.error(&format!("Invalid block {number_of}"));
                return if sets { Err(Failed) } else { Ok(()) };
            };
            block = u16::try_from(given).ok();
            rest = after;
        }
        _ => {}
    }
    match command.as_str() {
        "get" => get(tool, block, as_text).await,
        "set" => set(tool, block, as_text, rest).await,
        _ => Ok(()),
    }
}

fn help(tool: &Tool) {
    tool.notice("bootmbox get [text] [block <block>]");
    tool.notice("bootmbox set text [block <block>] <IANA_PEN> \"<data_string>\"");
    tool.notice("bootmbox set [block <block>] <IANA_PEN> <data_byte> [<data_byte> ...]");
}

/// The block's number on the wire has eight bits.
fn on_wire(block: u16) -> u8 {
    let [low, _] = block.to_le_bytes();
    low
}

async fn get(tool: &Tool, block: Option<u16>, as_text: bool) -> Ended {
    if let Some(block) = block {
        let shown = Shown { as_text, ..Shown::default() };
        return parameter::show(tool, MAILBOX, on_wire(block), shown).await;
    }
    let shown = Shown { as_text, all_blocks: true, value_only: false };
    parameter::show(tool, MAILBOX, 0, shown).await?;
    let shown = Shown { value_only: true, ..shown };
    for block in 1..=u8::MAX {
        // That is the end of the mailbox.
        if parameter::show(tool, MAILBOX, block, shown).await.is_err() {
            break;
        }
    }
    Ok(())
}

async fn set(tool: &Tool, block: Option<u16>, as_text: bool, words: &[String]) -> Ended {
    const BLOCKS: usize = 256;
    const PENS: i32 = 1 << 24;
    let iana = words.first().and_then(|word| number::<i32>(word));
    let Some(iana) = iana.filter(|iana| (0..PENS).contains(iana)) else {
        tool.error("No valid IANA PEN specified!");
        help(tool);
        return Err(Failed);
    };
    let [_, words @ ..] = words else { return Err(Failed) };
    let bytes: Vec<u8> = match (words, as_text) {
        ([], _) => {
            tool.error("No data provided!");
            help(tool);
            return Err(Failed);
        }
        // With the zero at its end.
        ([text, ..], true) => word::bytes(text).iter().copied().chain([0]).collect(),
        // The original writes zeros for what is no byte.
        (words, false) => {
            let byte = |word: &String| {
                number::<u8>(word).ok_or_else(|| {
                    tool.error(&format!("Bad byte value: {word}"));
                    Failed
                })
            };
            words.iter().map(byte).collect::<Result<_, _>>()?
        }
    };
    // Block 0 begins with who means the rest.
    let [a, b, c, _] = iana.to_le_bytes();
    let whole: Vec<u8> = match block {
        None | Some(0) => [a, b, c].into_iter().chain(bytes).collect(),
        Some(_) => bytes,
    };
    let blocks: Vec<_> = whole.chunks(BootParameter::MAILBOX_BLOCK).collect();
    // The original writes the beginning.
    if block.is_some() && blocks.len() > 1 {
        let most = BootParameter::MAILBOX_BLOCK;
        tool.error(&format!("Data size exceeds that of a block ({most}, with the IANA PEN)"));
        return Err(Failed);
    }
    if blocks.len() > BLOCKS {
        let most = BLOCKS * BootParameter::MAILBOX_BLOCK - 3;
        tool.error(&format!("Data size exceeds maximum ({most})"));
        return Err(Failed);
    }
    let setting = Setting::begin(tool);
    setting.progress(SetInProgress::InProgress).await;
    let ended = write(tool, &setting, block.unwrap_or(0), &blocks).await;
    setting.progress(SetInProgress::Complete).await;
    ended
}

async fn write(tool: &Tool, setting: &Setting<'_>, first: u16, blocks: &[&[u8]]) -> Ended {
    for (block, data) in (first..).zip(blocks) {
        let part = BootParameter::Mailbox { block: on_wire(block), data: data.to_vec() };
        if let Err(refusal) = setting.set(part).await {
            if matches!(refusal, Refusal::Code(code) if code.0 == 0xc9) {
                tool.error(&format!("Hit end of mailbox writing block {block}"));
            }
            // The original says that all is well.
            return Err(Failed);
        }
    }
    setting.progress(SetInProgress::CommitWrite).await;
    setting.forget(FIRMWARE | LOADER).await.map_err(|_| Failed)
}
