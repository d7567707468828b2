//! `i2c` and `spd`: devices on a bus behind the BMC.

use ipmi_wire::cmd::app::{I2cBus, MasterWriteRead};
use ipmi_wire::{Channel, CompletionCode};

use super::number::number;
use super::text;
use super::tool::{Ended, Failed, Refusal, Tool};

/// The most bytes that are written or read.
const MOST: usize = 64;

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words.first() == Some(&"help") {
        help(tool);
        return Ok(());
    }
    let (channel, bus, rest) = bus(&words);
    let [address, read, write @ ..] = rest else {
        help(tool);
        return Ok(());
    };
    if write.len() > MOST {
        tool.error(&format!("Raw command input limit ({MOST} bytes) exceeded"));
        return Err(Failed);
    }
    let address = byte(tool, address, "i2caddr")?;
    let read = byte(tool, read, "read size")?;
    if address == 0 {
        tool.error("Invalid I2C address 0");
        help(tool);
        return Err(Failed);
    }
    let write =
        write.iter().map(|word| byte(tool, word, "parameter")).collect::<Result<Vec<_>, _>>()?;
    let written = write.len();
    let data = transfer(tool, channel, bus, address, read, write).await?;
    if written > 0 && (tool.verbose.get() > 0 || read == 0) {
        tool.print(&format!("Wrote {written} bytes to I2C device {address:02X}h\n"));
    }
    if read == 0 {
        return Ok(());
    }
    if tool.verbose.get() > 0 || written == 0 {
        tool.print(&format!("Read {} bytes from I2C device {address:02X}h\n", data.len()));
    }
    if data.len() < usize::from(read) {
        return Err(Failed);
    }
    let line = |line: &[u8]| line.iter().map(|byte| format!(" {byte:02x}")).collect::<String>();
    let lines: Vec<_> = data.chunks(16).map(line).collect();
    tool.print(&format!("{}\n", lines.join("\n")));
    if data.len() <= 4 {
        let bits: String = data.iter().map(|byte| format!("{byte:08b} ")).collect();
        tool.print(&format!("{bits}\n"));
    }
    Ok(())
}

/// Which bus is meant, and what follows. `bus=` comes first if it is there at all, and only then can there be
/// `chan=`.
fn bus<'a>(words: &'a [&'a str]) -> (Channel, I2cBus, &'a [&'a str]) {
    let none = (Channel::new(0), I2cBus::Public(0), words);
    let [first, rest @ ..] = words else { return none };
    let Some(bus) = first.strip_prefix("bus=").filter(|_| words.len() > 2) else { return none };
    // The rest of the byte that the original would put the number's higher bits into belongs to the channel.
    let bus = leading(bus).map_or(I2cBus::Public(0), |number| I2cBus::Private(number & 7));
    let channel = rest.first().filter(|_| words.len() > 3).and_then(|w| w.strip_prefix("chan="));
    match (channel, rest) {
        (Some(channel), [_, rest @ ..]) => {
            (Channel::new(leading(channel).unwrap_or(0) & 0x0f), bus, rest)
        }
        _ => (Channel::new(0), bus, rest),
    }
}

/// The number that a word begins with, or its lowest byte.
fn leading(word: &str) -> Option<u8> {
    let digits = word.split(|c: char| !c.is_ascii_digit()).next()?;
    let [low, ..] = digits.parse::<u32>().ok()?.to_le_bytes();
    Some(low)
}

fn byte(tool: &Tool, word: &str, what: &str) -> Result<u8, Failed> {
    number(word).ok_or_else(|| {
        tool.error(&format!("Given {what} \"{word}\" is invalid."));
        Failed
    })
}

async fn transfer(
    tool: &Tool,
    channel: Channel,
    bus: I2cBus,
    address: u8,
    read: u8,
    write: Vec<u8>,
) -> Result<Vec<u8>, Failed> {
    let unable = || {
        tool.error("Unable to perform I2C Master Write-Read");
        Failed
    };
    if usize::from(read) > MOST {
        tool.error(&format!("Master Write-Read: Too many bytes ({read}) to read"));
        return Err(unable());
    }
    let command = MasterWriteRead { channel, bus, address: address >> 1, read, write };
    tool.send(&command).await.map(|answer| answer.0).map_err(|refusal| {
        let why = match refusal {
            Refusal::Code(CompletionCode(0x81)) => ": Lost Arbitration".to_owned(),
            Refusal::Code(CompletionCode(0x82)) => ": Bus Error".to_owned(),
            Refusal::Code(CompletionCode(0x83)) => ": NAK on Write".to_owned(),
            Refusal::Code(CompletionCode(0x84)) => ": Truncated Read".to_owned(),
            Refusal::Code(code) => format!(": {}", text::completion(code)),
            Refusal::Silent | Refusal::Malformed => String::new(),
        };
        tool.error(&format!("I2C Master Write-Read command failed{why}"));
        unable()
    })
}

fn help(tool: &Tool) {
    tool.notice("i2c [bus=public|<number> [chan=<number>]] <address> <bytes to read> [<byte> ...]");
}

/// A memory module's own description. It is asked for, and not decoded.
pub(super) async fn spd(tool: &Tool, words: &[String]) -> Ended {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let [bus, address, rest @ ..] = words.as_slice() else {
        tool.notice("spd <bus> <address> [<channel> [<bytes at a time>]]");
        return Ok(());
    };
    let bus = byte(tool, bus, "i2cbus")?;
    let address = byte(tool, address, "i2caddr")?;
    let channel = match rest.first() {
        Some(word) => byte(tool, word, "channel")?,
        None => 0,
    };
    let most = match rest.get(1) {
        Some(word) => byte(tool, word, "maxread")?,
        None => 64,
    };
    let (channel, bus) = (Channel::new(channel & 0x0f), I2cBus::Private(bus & 7));
    transfer(tool, channel, bus, address, most, vec![0]).await?;
    tool.error("spd: this program does not decode what memory modules say of themselves");
    Err(Failed)
}
