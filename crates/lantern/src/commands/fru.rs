//! `fru`.

mod field;
mod rescue;

use std::path::Path;

use ipmi_client::fru::{FruDevice, FruId, FruPlace, FruState, FruWriteError, FruWriteFailure};
use ipmi_wire::fru::Fru;

use rescue::Rescue;

use super::{Context, Outcome, ask, file};
use crate::cli;
use crate::error::{Error, Exit};
use crate::view::Bytes;
use crate::view::fru::{Device, List, Listed, Print, Saved, Written};

pub(super) async fn run(command: &cli::Fru, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    Ok(match command {
        cli::Fru::List => {
            let mut devices = Vec::new();
            for device in context.sdrs().await?.fru_devices() {
                devices.push(listed(context, &device).await?);
            }
            Box::new(List { devices })
        }
        cli::Fru::Print { id: None } => {
            let mut devices = Vec::new();
            for device in context.sdrs().await?.fru_devices() {
                devices.push(printed(context, &device).await?);
            }
            Box::new(Print { devices })
        }
        cli::Fru::Print { id: Some(id) } => {
            let fru = place(context, *id).await?;
            let image = bmc.read_fru_areas(fru.1).await?.ok_or_else(|| absent(*id))?;
            Box::new(Print {
                devices: vec![contents(Some(*id), fru.0, &image.bytes, image.info.size)],
            })
        }
        cli::Fru::Read { id, file: path } => {
            let image = bmc.read_fru(place(context, *id).await?.1).await?;
            let image = image.ok_or_else(|| absent(*id))?;
            if image.bytes.len() < usize::from(image.info.size) {
                context.voice.warning(&format!(
                    "the device gives only {} of its {} bytes",
                    image.bytes.len(),
                    image.info.size
                ));
            }
            if file::is_standard(path) {
                return Ok(Box::new(Bytes(image.bytes)));
            }
            let path = context.file(path);
            file::write(&path, &image.bytes)?;
            let file = path.display().to_string();
            Box::new(Saved { id: *id, file, bytes: image.bytes.len() })
        }
        cli::Fru::Write { id, file: path, yes, force } => {
            let wanted = image(path, *force)?;
            let (_, fru) = place(context, *id).await?;
            let original = bmc.read_fru(fru).await?.ok_or_else(|| absent(*id))?.bytes;
            // What is beyond the file stays.
            let rest = original.get(wanted.len()..).unwrap_or_default();
            let becomes: Vec<u8> = wanted.iter().chain(rest).copied().collect();
            let written = Written::new(*id, &original, &becomes);
            if !yes && !written.is_nothing() {
                ask::confirm(false, format!("{}\n", written.changes())).await?;
            }
            let rescue = Rescue::new(*id, original, context.voice);
            let outcome = bmc.write_fru(fru, &wanted).await;
            rescue.not_needed();
            outcome.map_err(|error| failed(error, *id))?;
            Box::new(written)
        }
        cli::Fru::Edit { id, words } => {
            let (area, index, text) = field::parse(words)?;
            let (_, fru) = place(context, *id).await?;
            let original = bmc.read_fru(fru).await?.ok_or_else(|| absent(*id))?.bytes;
            let rescue = Rescue::new(*id, original.clone(), context.voice);
            let edited = bmc.edit_fru_field(fru, area, index, text).await;
            rescue.not_needed();
            edited.map_err(|error| failed(error, *id))?;
            let now = bmc.read_fru(fru).await?.ok_or_else(|| absent(*id))?.bytes;
            Box::new(Written::new(*id, &original, &now))
        }
        cli::Fru::Decode { .. } | cli::Fru::UpgEkey { .. } => {
            return Err(Error::usage("this command does not talk to a BMC"));
        }
    })
}

/// What needs no BMC; `None` for what does.
pub(super) fn offline(command: &cli::Fru) -> Option<Outcome> {
    Some(match command {
        cli::Fru::Decode { file } => decode(file),
        cli::Fru::UpgEkey { .. } => Err(Error::usage("fru upgEkey is not supported")
            .cause("it takes records for electronic keying out of one maker's firmware files")
            .next(
                "take the image with 'fru read', change it with its maker's tool, 'fru write' it",
            )),
        _ => return None,
    })
}

/// What can be judged before anything is sent.
pub(super) fn check(command: &cli::Fru) -> Result<(), Error> {
    match command {
        cli::Fru::Edit { words, .. } => field::parse(words).map(drop),
        cli::Fru::Write { file: path, yes, force, .. } => {
            if !file::is_standard(path) {
                image(path, *force)?;
            }
            ask::possible(*yes)
        }
        _ => Ok(()),
    }
}

/// What is to be written.
fn image(path: &Path, force: bool) -> Result<Vec<u8>, Error> {
    let bytes = file::read(path)?;
    match Fru::decode(&bytes) {
        Err(error) if !force => {
            Err(Error::usage(format!("{}: no FRU information: {error}", path.display()))
                .next("'lantern fru read ID FILE' writes such files; --force writes anything"))
        }
        _ => Ok(bytes),
    }
}

fn decode(path: &Path) -> Outcome {
    let bytes = file::read(path)?;
    Fru::decode(&bytes).map_err(|error| Error::usage(format!("{}: {error}", path.display())))?;
    let size = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let device = contents(None, path.display().to_string(), &bytes, size);
    Ok(Box::new(Print { devices: vec![device] }))
}

fn contents(id: Option<u8>, name: String, bytes: &[u8], size: u16) -> Device {
    let decoded = Fru::decode(bytes);
    let contents = match &decoded {
        Ok((fru, faults)) => Ok((fru, faults.as_slice())),
        Err(error) => Err(*error),
    };
    Device::new(id, name, Some(size.into()), contents)
}

/// The name of a device, and where it is. A device that no record names may be there all the
/// same.
async fn place(context: &Context<'_>, id: u8) -> Result<(String, FruId), Error> {
    let devices = context.sdrs().await?.fru_devices();
    let found = devices.into_iter().find_map(|device| match device.place {
        FruPlace::Bmc(fru) if fru.device == id => Some((name(&device), fru)),
        _ => None,
    });
    Ok(found.unwrap_or_else(|| (format!("Device {id}"), FruId::new(id))))
}

fn name(device: &FruDevice) -> String {
    match (device.name.as_str(), device.place) {
        ("", FruPlace::Bmc(FruId { device: 0, .. })) => "Builtin FRU Device".to_owned(),
        ("", FruPlace::Bmc(fru)) => format!("Device {}", fru.device),
        ("", FruPlace::Elsewhere { device, .. }) => format!("Device {device}"),
        (name, _) => name.to_owned(),
    }
}

const fn numbers(place: FruPlace) -> (u8, u8) {
    match place {
        FruPlace::Bmc(fru) => (fru.device, ipmi_wire::lan::BMC_ADDRESS),
        FruPlace::Elsewhere { controller, device } => (device, controller),
    }
}

fn elsewhere(controller: u8) -> String {
    format!("behind the controller at 0x{controller:02x}, which this program does not reach yet")
}

async fn listed(context: &Context<'_>, device: &FruDevice) -> Result<Listed, Error> {
    let (size, reason) = match device.place {
        FruPlace::Elsewhere { controller, .. } => (None, Some(elsewhere(controller))),
        FruPlace::Bmc(fru) => match context.bmc.fru_info(fru).await {
            Ok(Some(info)) => (Some(info.size), None),
            Ok(None) => (None, Some("not present".to_owned())),
            Err(error) if error.completion().is_some() => (None, Some(error.to_string())),
            Err(error) => return Err(error.into()),
        },
    };
    let (id, controller) = numbers(device.place);
    Ok(Listed::new(id, controller, name(device), device.entity, size, reason))
}

async fn printed(context: &Context<'_>, device: &FruDevice) -> Result<Device, Error> {
    let (id, _) = numbers(device.place);
    let name = name(device);
    let absent = |reason: String| Device::absent(Some(id), name.clone(), reason);
    Ok(match device.place {
        FruPlace::Elsewhere { controller, .. } => absent(elsewhere(controller)),
        FruPlace::Bmc(fru) => match context.bmc.read_fru_areas(fru).await {
            Ok(Some(image)) => contents(Some(id), name.clone(), &image.bytes, image.info.size),
            Ok(None) => absent("not present".to_owned()),
            Err(error) if error.completion().is_some() => absent(error.to_string()),
            Err(error) => return Err(error.into()),
        },
    })
}

fn absent(id: u8) -> Error {
    Error::told(Exit::Failed, format!("there is no FRU device {id}"))
        .next("'lantern fru list' shows which there are")
}

/// A device that may be half written is the worst that can happen here: what was on it goes into a
/// file before anything else.
fn failed(error: FruWriteError, id: u8) -> Error {
    let state = error.state();
    let message = error.to_string();
    let FruWriteError { failure, original, touched, .. } = error;
    let mut told = match failure {
        FruWriteFailure::Bmc(error) => Error::from(error),
        FruWriteFailure::Absent(_) => return absent(id),
        _ => Error::told(Exit::Failed, message),
    };
    if touched && !matches!(state, FruState::Written | FruState::Untouched) {
        told = told.cause("the device is written in part").next(rescue::save(id, &original));
    }
    told
}
