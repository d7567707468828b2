//! `mc getsysinfo` and `mc setsysinfo`: what the machine and its software are called.

use ipmi_wire::cmd::app::{GetSystemInfoParameters, SetSystemInfoParameters, SystemInfoParameter};

use crate::ipmitool::tool::{Ended, Failed, Refusal, Tool};
use crate::ipmitool::{text, word};

/// A text that a BMC keeps.
#[derive(Clone, Copy)]
struct Name {
    name: &'static str,
    selector: u8,
    /// Of how many blocks it is at the most.
    blocks: usize,
}

/// Dell has numbers of its own for the last two.
const NAMES: [Name; 6] = [
    Name { name: "system_fw_version", selector: SystemInfoParameter::FIRMWARE_VERSION, blocks: 4 },
    Name { name: "system_name", selector: SystemInfoParameter::SYSTEM_NAME, blocks: 4 },
    Name { name: "primary_os_name", selector: SystemInfoParameter::PRIMARY_OS_NAME, blocks: 4 },
    Name { name: "os_name", selector: SystemInfoParameter::OS_NAME, blocks: 4 },
    Name { name: "delloem_os_version", selector: 0xe4, blocks: 4 },
    Name { name: "delloem_url", selector: 0xde, blocks: 2 },
];

/// Text in the first block, behind encoding and length, and in each of the others.
const FIRST: usize = SystemInfoParameter::BLOCK - SystemInfoParameter::HEAD;
const BLOCK: usize = SystemInfoParameter::BLOCK;

fn help(tool: &Tool) {
    let names: Vec<_> = NAMES.iter().map(|name| name.name).collect();
    tool.notice("usage: getsysinfo <argument> | setsysinfo <argument> <string>");
    tool.notice(&format!("  Valid arguments are: {}", names.join(" ")));
}

/// Which text is meant, or how it ends if none is.
fn meant(tool: &Tool, command: &str, words: &[String], needed: usize) -> Result<Name, Ended> {
    if let [word] = words
        && word == "help"
    {
        help(tool);
        return Err(Ok(()));
    }
    let Some(word) = words.first().filter(|_| words.len() >= needed) else {
        tool.error("Not enough parameters given.");
        help(tool);
        return Err(Err(Failed));
    };
    NAMES.into_iter().find(|name| name.name == word).ok_or_else(|| {
        tool.error(&format!("Invalid mc/bmc {command} command: {word}"));
        help(tool);
        Err(Failed)
    })
}

fn told(tool: &Tool, command: &str, name: Name, set: usize, refusal: Refusal) {
    let name = name.name;
    match refusal {
        Refusal::Code(code) if code.0 == 0x80 => {
            tool.error(&format!("{command} {name} parameter not supported"));
        }
        Refusal::Code(code) => {
            tool.error(&format!("{command} command failed: {}", text::completion(code)));
        }
        _ => tool.error(&format!("{command} {name} set {set} command failed")),
    }
}

pub(super) async fn get(tool: &Tool, words: &[String]) -> Ended {
    let name = match meant(tool, "getsysinfo", words, 1) {
        Ok(name) => name,
        Err(ended) => return ended,
    };
    let (mut text, mut blocks) = (Vec::new(), name.blocks);
    let mut ended = Ok(());
    for set in 0..=u8::MAX {
        if usize::from(set) >= blocks {
            break;
        }
        if tool.verbose.get() > 1 {
            tool.print(&format!("getsysinfo: {:02x}/{set:02x}/00\n", name.selector));
        }
        let get = GetSystemInfoParameters {
            revision_only: false,
            selector: name.selector,
            set,
            block: 0,
        };
        let data = match tool.send(&get).await.map(|info| info.parameter) {
            Ok(Some(SystemInfoParameter::Text { data, .. })) => data,
            // The first byte is the block.
            Ok(Some(SystemInfoParameter::Other { data, .. })) => {
                data.into_iter().skip(1).take(BLOCK).collect()
            }
            Ok(_) => Vec::new(),
            Err(refusal) => {
                told(tool, "getsysinfo", name, set.into(), refusal);
                // One that a BMC does not have is no failure to the original.
                ended = match refusal {
                    Refusal::Code(_) => Ok(()),
                    _ => Err(Failed),
                };
                break;
            }
        };
        // What is missing of a block is zeros.
        let filled = data.iter().copied().chain(std::iter::repeat(0)).take(BLOCK);
        match (set, data.as_slice()) {
            (0, head) => {
                let (encoding, length) = match head {
                    [encoding, length, ..] => (*encoding, *length),
                    _ => (0, 0),
                };
                if encoding & 0x0f == 0 {
                    blocks =
                        SystemInfoParameter::HEAD.saturating_add(length.into()).div_ceil(BLOCK);
                }
                text.extend(filled.skip(SystemInfoParameter::HEAD));
            }
            _ => text.extend(filled),
        }
    }
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    tool.print_bytes(text);
    tool.print("\n");
    ended
}

pub(super) async fn set(tool: &Tool, words: &[String]) -> Ended {
    let name = match meant(tool, "setsysinfo", words, 2) {
        Ok(name) => name,
        Err(ended) => return ended,
    };
    let text = words.get(1).map(|word| word::bytes(word)).unwrap_or_default();
    // What does not fit is left out.
    let most = name.blocks.saturating_mul(BLOCK).saturating_sub(SystemInfoParameter::HEAD);
    let text = text.get(..most).unwrap_or(&text);
    let (head, tail) = text.split_at_checked(FIRST).unwrap_or((text, &[]));
    let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
    let first = [0, length].into_iter().chain(head.iter().copied()).collect::<Vec<_>>();
    let blocks = std::iter::once(first.as_slice()).chain(tail.chunks(BLOCK));
    for (set, block) in (0u8..).zip(blocks) {
        let mut data = block.to_vec();
        data.resize(BLOCK, 0);
        let selector = name.selector;
        let parameter = match selector {
            ..=SystemInfoParameter::HYPERVISOR_URL => {
                SystemInfoParameter::Text { selector, set, data }
            }
            _ => {
                data.insert(0, set);
                SystemInfoParameter::Other { selector, data }
            }
        };
        if let Err(refusal) = tool.send(&SetSystemInfoParameters { parameter }).await {
            told(tool, "setsysinfo", name, set.into(), refusal);
            // The original says that all is well if the BMC has refused.
            return Err(Failed);
        }
    }
    Ok(())
}
