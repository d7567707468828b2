//! `raw`: a request as bytes, and the answer as bytes.

use ipmi_wire::{NetFn, Request};

use super::number::number;
use super::text;
use super::tool::{Ended, Failed, Tool};

/// Names that stand for network functions, in capitals or not.
const NETFNS: [(&str, u8); 6] = [
    ("chassis", 0x00),
    ("bridge", 0x02),
    ("sensorevent", 0x04),
    ("application", 0x06),
    ("firmware", 0x08),
    ("storage", 0x0a),
];

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    match words {
        [word] if word == "help" => {
            help(tool);
            return Ok(());
        }
        [] | [_] => {
            tool.error("Not enough parameters given.");
            help(tool);
            return Err(Failed);
        }
        _ => {}
    }
    let mut bytes = Vec::with_capacity(words.len());
    for (place, word) in words.iter().enumerate() {
        let named = NETFNS.iter().find(|(name, _)| place == 0 && name.eq_ignore_ascii_case(word));
        match named.map(|(_, netfn)| *netfn).or_else(|| number::<u8>(word)) {
            Some(byte) => bytes.push(byte),
            None => {
                let what = ["netfn", "command"].get(place).copied().unwrap_or("data");
                tool.error(&format!("Given {what} \"{word}\" is invalid."));
                return Err(Failed);
            }
        }
    }
    let [netfn, cmd, data @ ..] = bytes.as_slice() else { return Err(Failed) };
    let (lun, data) = (tool.options.target_lun, data.to_vec());
    let at = format!(
        "(channel=0x{:x} netfn=0x{netfn:x} lun=0x{lun:x} cmd=0x{cmd:x}",
        tool.options.target_channel & 0x0f
    );
    // An odd one is that of an answer, and nobody answers that; the original sends six bits of one that is larger.
    let Some(function) = request_of(*netfn) else {
        tool.error(&format!("Unable to send RAW command {at})"));
        tool.error(&format!("Network function 0x{netfn:x} is not one of a request."));
        return Err(Failed);
    };
    let request = Request { netfn: function, lun, cmd: *cmd, data };
    let Some(answer) = tool.send_raw(request).await else {
        tool.error(&format!("Unable to send RAW command {at})"));
        return Err(Failed);
    };
    if !answer.completion.is_ok() {
        let (code, text) = (answer.completion.0, text::completion(answer.completion));
        tool.error(&format!("Unable to send RAW command {at} rsp=0x{code:x}): {text}"));
        return Err(Failed);
    }
    let line = |line: &[u8]| line.iter().map(|byte| format!(" {byte:02x}")).collect::<String>();
    let lines: Vec<_> = answer.data.chunks(16).map(line).collect();
    tool.print(&format!("{}\n", lines.join("\n")));
    Ok(())
}

/// The network function of that number, if requests have it.
fn request_of(number: u8) -> Option<NetFn> {
    let netfn = NetFn::from_number(number);
    (netfn.number() == number).then_some(netfn)
}

fn help(tool: &Tool) {
    tool.notice("RAW Commands:  raw <netfn> <cmd> [data]");
    let names: Vec<_> =
        NETFNS.iter().map(|(name, netfn)| format!("{name} 0x{netfn:02x}")).collect();
    tool.notice(&format!("Network functions: {}", names.join(", ")));
}
