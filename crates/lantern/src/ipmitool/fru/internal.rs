//! `fru internaluse`: the area that is the device's own business.

use std::fs;

use ipmi_client::fru::FruId;

use super::image::{self, Header, Image};
use super::{absent, device, file_name};
use crate::ipmitool::tool::{Ended, Failed, Tool};
use crate::ipmitool::word;

pub(super) async fn run(tool: &Tool, words: &[&str]) -> Ended {
    match words {
        ["help", ..] => {
            help(tool);
            Ok(())
        }
        [id, "info", ..] => {
            let id = device(tool, id)?;
            let (image, from, size) = open(tool, id).await?;
            drop((image, from));
            tool.print(&format!("Internal Use Area Size  : {size}\n"));
            Ok(())
        }
        [id, "print", ..] => read(tool, device(tool, id)?, None).await,
        [id, "read", path, ..] => {
            let id = device(tool, id)?;
            file_name(tool, path)?;
            read(tool, id, Some(path)).await
        }
        [id, "write", path, ..] => {
            let id = device(tool, id)?;
            file_name(tool, path)?;
            write(tool, id, path).await
        }
        _ => {
            tool.error("Either unknown command or not enough parameters given.");
            help(tool);
            Err(Failed)
        }
    }
}

fn help(tool: &Tool) {
    tool.notice("fru internaluse <fru id> info|print|read <fru file>|write <fru file>");
}

/// The device, and where the area is on it.
async fn open(tool: &Tool, id: u8) -> Result<(Image, usize, usize), Failed> {
    let (bmc, fru) = (tool.bmc()?, FruId::new(id));
    let no_access = || {
        tool.error("Cannot access internal use area");
        Failed
    };
    let image = match image::info(bmc, fru).await {
        Ok(info) => Image::whole(bmc, fru, info).await,
        Err(why) => Err(why),
    };
    let image = image.map_err(|why| {
        absent(tool, why);
        no_access()
    })?;
    let header = image.header().ok_or_else(no_access)?;
    let Header { internal, chassis, board, product, multirecords } = header;
    let next = [chassis, board, product, multirecords].into_iter().find(|next| *next != 0);
    let end = next.unwrap_or(image.size);
    let size = if internal == 0 { 0 } else { end.saturating_sub(internal) };
    Ok((image, internal, size))
}

/// Reads the area. That there is none to be read is no failure here.
async fn read(tool: &Tool, id: u8, path: Option<&str>) -> Ended {
    let Ok((image, from, size)) = open(tool, id).await else { return Ok(()) };
    tool.print(&format!("Internal Use Area Size  : {size}\n"));
    let area = image.part(from, size).unwrap_or_default();
    match path {
        None => {
            for (number, line) in area.chunks(16).enumerate() {
                let bytes: String = line.iter().map(|byte| format!("{byte:02X} ")).collect();
                tool.print(&format!("\n{number:02}- {bytes}"));
            }
        }
        Some(path) => match fs::write(word::path(path), area) {
            Ok(()) => tool.print("Done\n"),
            Err(error) => {
                tool.error(&format!("Error opening file {path}: {error}\n"));
                return Err(Failed);
            }
        },
    }
    tool.print("\n");
    Ok(())
}

/// Writes the area, if the file has its size.
async fn write(tool: &Tool, id: u8, path: &str) -> Ended {
    let Ok((image, from, size)) = open(tool, id).await else { return Ok(()) };
    tool.print(&format!("Internal Use Area Size  : {size}\n"));
    let Ok(content) = fs::read(word::path(path)) else { return Ok(()) };
    tool.info(&format!("File Size: {}", content.len()));
    if content.len() != size {
        tool.error("File size does not fit Eeprom Size");
        return Ok(());
    }
    let mut bytes = image.bytes().to_vec();
    let Some(area) = bytes.get_mut(from..from.saturating_add(size)) else {
        tool.error("Cannot access internal use area");
        return Err(Failed);
    };
    area.copy_from_slice(&content);
    let written = tool.bmc()?.write_fru(FruId::new(id), &bytes).await;
    written.map_err(|error| {
        tool.error(&error.to_string());
        Failed
    })
}
