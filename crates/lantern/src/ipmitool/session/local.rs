//! `-I open`: the machine's own BMC.

use std::io;

use ipmi_client::local::node_names;
use ipmi_client::{Bmc, Cache, Credentials, Device, Timing};

use super::{Interface, enlarge, local_or_bmc, route};
use crate::ipmitool::options::Options;
use crate::ipmitool::tool::{Ended, Failed, Tool};
use crate::learned::cache_directory;
use crate::local::PATIENCE;

/// Opens the device. Nobody logs in.
pub(super) fn open(tool: &Tool) -> Ended {
    let options = &tool.options;
    let device = match open_any(options) {
        Ok(device) => device,
        Err(error) => {
            tell(options.device, &error);
            return Err(Failed);
        }
    };
    let Some(route) = route(options, Interface::Open) else { return Err(Failed) };
    let Some(credentials) = Credentials::new(b"", b"") else { return Err(Failed) };
    let timing = Timing { deadline: PATIENCE, ..Timing::default() };
    let mut bmc = Bmc::local(&device, Credentials { timing, ..credentials });
    if let Some(cache) = cache_directory().map(Cache::at) {
        bmc = bmc.with_cache(&cache);
    }
    if let Some(route) = route {
        bmc = bmc.behind(route);
    }
    tool.opened(None, bmc, None);
    enlarge(tool);
    Ok(())
}

/// As the original: the kernel is told the BMC's slave address whether that was named or not.
fn open_any(options: &Options) -> io::Result<Device> {
    let own_address = Some(local_or_bmc(options.local_address));
    let mut outcome = Err(io::Error::from(io::ErrorKind::NotFound));
    for node in node_names(options.device) {
        outcome = Device::open(&node, own_address);
        match &outcome {
            // The original has got as far as this, and looks no further.
            Ok(_) => break,
            Err(error) if is_no_device(error) => break,
            Err(_) => {}
        }
    }
    outcome
}

/// Whether something was opened that is no IPMI device: the first that the original asks of it fails.
fn is_no_device(error: &io::Error) -> bool {
    const NOT_A_TYPEWRITER: i32 = 25;
    error.raw_os_error() == Some(NOT_A_TYPEWRITER)
}

fn tell(number: u32, error: &io::Error) {
    if is_no_device(error) {
        eprintln!("Could not enable event receiver: Inappropriate ioctl for device");
        return;
    }
    let text = match error.raw_os_error() {
        Some(_) => error.to_string(),
        None => "No such file or directory".to_owned(),
    };
    let text = text.split_once(" (os error").map_or(text.as_str(), |(words, _)| words);
    eprintln!(
        "Could not open device at /dev/ipmi{number} or /dev/ipmi/{number} or \
         /dev/ipmidev/{number}: {text}"
    );
}
