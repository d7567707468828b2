//! `fru`: what is on the devices that units carry.

mod areas;
mod edit;
mod image;
mod internal;
mod multirecord;

use std::fs;

use ipmi_client::Bmc;
use ipmi_client::fru::{FruId, FruPlace};
use ipmi_wire::bridge::Hop;
use ipmi_wire::lan::BMC_ADDRESS;
use ipmi_wire::sdr::{FruDeviceLocator, IdString, Record};
use ipmi_wire::{Channel, CompletionCode};

use super::number::number;
use super::tool::{Ended, Failed, Refusal, Tool};
use super::word;
use image::Image;

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["print" | "list"] => print_all(tool).await,
        ["help", ..] => {
            help(tool);
            Ok(())
        }
        ["print" | "list", "help", ..] => {
            tool.notice("fru print [fru id] - print information about FRU(s)");
            Ok(())
        }
        ["print" | "list", id, ..] => {
            let id = device(tool, id)?;
            print(tool, tool.bmc()?, FruId::new(id)).await
        }
        [command @ ("read" | "write" | "upgEkey"), "help", ..] => {
            tool.notice(&format!("fru {command} <fru id> <fru file>"));
            Ok(())
        }
        [command @ ("read" | "write" | "upgEkey"), rest @ ..] => {
            let [id, path, ..] = rest else {
                tool.error("Not enough parameters given.");
                tool.notice(&format!("fru {command} <fru id> <fru file>"));
                return Err(Failed);
            };
            let id = device(tool, id)?;
            file_name(tool, path)?;
            match *command {
                "read" => read(tool, id, path).await,
                "write" => write(tool, id, path).await,
                _ => {
                    tool.error("fru upgEkey: unsupported");
                    Err(Failed)
                }
            }
        }
        ["internaluse", rest @ ..] => internal::run(tool, rest).await,
        ["edit", rest @ ..] => edit::run(tool, rest).await,
        ["get", rest @ ..] => get(tool, rest).await,
        [other, ..] => {
            tool.error(&format!("Invalid FRU command: {other}"));
            help(tool);
            Err(Failed)
        }
    }
}

fn help(tool: &Tool) {
    tool.notice("FRU Commands:  print read write upgEkey edit internaluse get");
}

/// The number of a device.
fn device(tool: &Tool, word: &str) -> Result<u8, Failed> {
    number::<u8>(word).ok_or_else(|| {
        tool.error(&format!("FRU ID '{word}' is either invalid or out of range."));
        Failed
    })
}

fn file_name(tool: &Tool, path: &str) -> Ended {
    let why = match word::bytes(path).len() {
        0 => "File/path is invalid.",
        1..512 => return Ok(()),
        _ => "File/path must be shorter than 512 bytes.",
    };
    tool.error(why);
    Err(Failed)
}

/// Says on standard output that there is no device.
fn absent(tool: &Tool, why: Refusal) {
    let why = match why {
        Refusal::Silent => "No Response".to_owned(),
        why => why.text(),
    };
    tool.print(&format!(" Device not present ({why})\n"));
}

/// What is on a device, area by area.
async fn print(tool: &Tool, bmc: &Bmc, fru: FruId) -> Ended {
    let info = image::info(bmc, fru).await.map_err(|why| {
        absent(tool, why);
        Failed
    })?;
    if info.size == 0 {
        tool.error(" Invalid FRU size 0");
        return Err(Failed);
    }
    let image = match Image::of_areas(bmc, fru, info).await {
        Ok(image) => image,
        Err(why) => {
            // To the original it is one thing that there is no device, and another one that it cannot be
            // read: only the former is a failure.
            absent(tool, why);
            return Ok(());
        }
    };
    let Some(header) = image.header() else {
        tool.error(" Unknown FRU header version");
        return Err(Failed);
    };
    areas::print(tool, &image, header);
    if tool.verbose.get() > 0 {
        multirecord::print(tool, &image, header.multirecords);
    }
    Ok(())
}

/// All devices that the BMC knows of: its own, and those of its records in their order. It fails if the last
/// one does.
async fn print_all(tool: &Tool) -> Ended {
    let bmc = tool.bmc()?;
    tool.print("FRU Device Description : Builtin FRU Device (ID 0)\n");
    let id = match bmc.device_id().await {
        Ok(id) => id,
        Err(error) => {
            let why = Refusal::from(&error).text();
            tool.error(&format!("Get Device ID command failed: {why}"));
            return Err(Failed);
        }
    };
    let mut ended = Ok(());
    if id.additional_support & INVENTORY != 0 {
        ended = print(tool, bmc, FruId::new(0)).await;
        tool.print("\n");
    }
    let set = match bmc.sdrs().await {
        Ok(set) => set,
        Err(error) => {
            tool.info(&error.to_string());
            return Err(Failed);
        }
    };
    for record in set.records() {
        match record {
            Record::McDeviceLocator(mc)
                if mc.capabilities & INVENTORY != 0 && mc.slave_address != bmc.slave_address() =>
            {
                tool.print("FRU Device Description : ");
                let name = name(&mc.id);
                let filling = 16_usize.saturating_sub(name.len());
                tool.print_bytes(&name);
                tool.print(&format!("{:filling$}\n", ""));
                let controller = Hop { channel: Channel::new(0), address: mc.slave_address };
                ended = print_behind(tool, controller, FruId::new(0)).await;
                tool.print("\n");
            }
            Record::FruDeviceLocator(locator) if locator.logical => {
                ended = print_located(tool, locator).await;
            }
            _ => {}
        }
    }
    ended
}

/// A controller has an inventory.
const INVENTORY: u8 = 0x08;

fn name(id: &IdString) -> Vec<u8> {
    id.as_bytes().split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}

/// A device that a record locates.
pub(super) async fn print_located(tool: &Tool, locator: &FruDeviceLocator) -> Ended {
    let kind = locator.device_type;
    let is_inventory = kind.code == 0x10 || (kind.modifier == 2 && matches!(kind.code, 8..=0xf));
    if !is_inventory {
        return Err(Failed);
    }
    let FruDeviceLocator { access_address, device, .. } = *locator;
    if access_address == BMC_ADDRESS && device == 0 {
        return Ok(());
    }
    tool.print("FRU Device Description : ");
    tool.print_bytes(&name(&locator.id));
    tool.print(&format!(" (ID {device})\n"));
    let bmc = tool.bmc()?;
    let ended = match kind.modifier {
        0x00 | 0x02 if access_address == bmc.slave_address() => {
            print(tool, bmc, FruId::new(device)).await
        }
        0x00 | 0x02 => {
            let controller = Hop { channel: locator.channel, address: access_address };
            print_behind(tool, controller, FruId::new(device)).await
        }
        0x01 => {
            // The original reads the memory module's own data, and prints it if it can make sense of it.
            match image::info(bmc, FruId::new(device)).await {
                Ok(_) => tool.error(" Memory modules: unsupported"),
                Err(why) => absent(tool, why),
            }
            Err(Failed)
        }
        modifier => {
            let code = kind.code;
            match tool.verbose.get() {
                0 => tool.print(" Unsupported device\n"),
                _ => tool.print(&format!(
                    " Unsupported device 0x{device:02x} type 0x{code:02x} with modifier \
                     0x{modifier:02x}\n"
                )),
            }
            Ok(())
        }
    };
    tool.print("\n");
    ended
}

async fn print_behind(tool: &Tool, controller: Hop, fru: FruId) -> Ended {
    match tool.bmc()?.fru_at(FruPlace::Behind { controller, fru }) {
        Some((neighbour, fru)) => print(tool, &neighbour, fru).await,
        None => {
            absent(tool, Refusal::Silent);
            Err(Failed)
        }
    }
}

/// Says of a device how large it is, if it is there; if it is not, nothing.
async fn size(tool: &Tool, id: u8) -> Option<ipmi_wire::cmd::storage::FruInventoryAreaInfo> {
    let bmc = tool.bmc().ok()?;
    match image::info(bmc, FruId::new(id)).await {
        Ok(info) => {
            if tool.verbose.get() > 0 {
                let access = info.access.unit().saturating_sub(1);
                tool.print(&format!("Fru Size   = {} bytes\n", info.size));
                tool.print(&format!("Fru Access = {access:x}h\n"));
            }
            Some(info)
        }
        Err(why) => {
            if why == Refusal::Code(CompletionCode::TIMEOUT) {
                tool.print("  Timeout accessing FRU info. (Device not present?)\n");
            }
            tool.error(&format!("FRU device {id} not present ({})", why.text()));
            None
        }
    }
}

fn announce(tool: &Tool, id: u8, path: &str) {
    if tool.verbose.get() > 0 {
        tool.print(&format!("FRU ID           : {id}\nFRU File         : {path}\n"));
    }
}

/// A device's bytes into a file.
async fn read(tool: &Tool, id: u8, path: &str) -> Ended {
    announce(tool, id, path);
    let info = size(tool, id).await.ok_or(Failed)?;
    tool.print(&format!("Fru Size         : {} bytes\n", info.size));
    let Ok(Some(image)) = tool.bmc()?.read_fru(FruId::new(id)).await else {
        // The original writes a file all the same, with whatever was in its memory.
        tool.error("FRU Read failed");
        return Err(Failed);
    };
    let mut bytes = image.bytes;
    bytes.resize(info.size.into(), 0);
    match fs::write(word::path(path), bytes) {
        Ok(()) => {
            tool.print("Done\n");
            Ok(())
        }
        Err(error) => {
            tool.error(&format!("Error opening file {path}: {error}\n"));
            Err(Failed)
        }
    }
}

/// A file's bytes onto a device. What differs is written, and read back.
async fn write(tool: &Tool, id: u8, path: &str) -> Ended {
    announce(tool, id, path);
    let info = size(tool, id).await.ok_or(Failed)?;
    let Ok(mut content) = fs::read(word::path(path)) else {
        tool.error(&format!("Error opening file {path}\n"));
        return Err(Failed);
    };
    // The image of a larger device may be filled up with what means nothing.
    let lost = content.get(usize::from(info.size)..).unwrap_or_default();
    if !lost.iter().all(|byte| matches!(byte, 0x00 | 0xff)) {
        let (is, most) = (content.len(), info.size);
        tool.error(&format!("File {path} has {is} bytes, and the device {most}"));
        return Err(Failed);
    }
    content.truncate(info.size.into());
    tool.print(&format!("Fru Size         : {} bytes\n", info.size));
    tool.print(&format!("Size to Write    : {} bytes\n", content.len()));
    let written = tool.bmc()?.write_fru(FruId::new(id), &content).await;
    written.map_err(|error| {
        tool.error(&error.to_string());
        Failed
    })
}

/// `fru get`: multirecords of makers that are known. None is to us, and few are to the original.
async fn get(tool: &Tool, words: &[&str]) -> Ended {
    let help = "fru get <fruid> oem iana <record> <format> <args> - limited OEM support";
    match words {
        ["help", ..] => {
            tool.notice(help);
            Ok(())
        }
        [] => {
            tool.error("Not enough parameters given.");
            tool.notice(help);
            Err(Failed)
        }
        [id, rest @ ..] => {
            let id = device(tool, id)?;
            if tool.verbose.get() > 0 {
                tool.print(&format!("FRU ID           : {id}\n"));
            }
            match rest {
                [] | ["oem", ..] => multirecord::get(tool, id, rest).await,
                [other, ..] => {
                    tool.error(&format!("Invalid command: {other}"));
                    tool.notice(help);
                    Err(Failed)
                }
            }
        }
    }
}
