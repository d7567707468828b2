//! What a guest is made of that runs in QEMU: Debian's kernel with the modules that tests load, and
//! its busybox. Both are taken out of their packages; nothing of them is installed.
//!
//! It has to be the plain kernel: Debian's kernel for clouds knows no IPMI.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::debian;
use crate::{lab, shell};

/// The package that depends on the newest kernel.
const KERNEL: &str = "linux-image-amd64";
const BUSYBOX: &str = "busybox-static";

/// The modules, and those that they need.
const MODULES: [&str; 14] = [
    "button",
    "e1000",
    "evdev",
    "i2c-dev",
    "i2c-i801",
    "i2c-smbus",
    "i2c-stub",
    "ipmi_devintf",
    "ipmi_msghandler",
    "ipmi_poweroff",
    "ipmi_si",
    "ipmi_ssif",
    "ipmi_watchdog",
    "lm75",
];

/// Makes `peers/guest` below the target directory, if it is not there or not as it is to be.
pub(super) fn ensure() -> Result<()> {
    let directory = lab::target_directory()?.join("peers").join("guest");
    // Written last: what was interrupted is begun again. A newer kernel of Debian's is no reason to
    // fetch again.
    let stamp = directory.join("packages.txt");
    let wanted = MODULES.join(" ");
    let made = fs::read_to_string(&stamp).ok();
    let packages = match made.as_deref().and_then(|text| text.split_once('\n')) {
        Some((packages, modules)) if modules.trim() == wanted => packages.to_owned(),
        _ => {
            let packages = make(&directory).context("cannot make what a guest is made of")?;
            fs::write(&stamp, format!("{packages}\n{wanted}\n"))?;
            packages
        }
    };
    println!("{:<13} {packages}", "guest");
    Ok(())
}

fn make(directory: &Path) -> Result<String> {
    debian::require(&format!("{KERNEL} and {BUSYBOX}"))?;
    let _ = fs::remove_dir_all(directory);
    let scratch = directory.join("scratch");
    let kernel = newest_kernel().or_else(|_| {
        shell::run(shell::program("apt-get").arg("update"))?;
        newest_kernel()
    })?;
    let packages = debian::unpack(&[&kernel, BUSYBOX], &scratch)?;
    collect(&scratch.join("root"), directory)?;
    fs::remove_dir_all(&scratch)?;
    Ok(packages.join(", "))
}

fn newest_kernel() -> Result<String> {
    let depends = shell::output(shell::program("apt-cache").args(["depends", KERNEL]))?;
    let names = depends.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    let kernel = names.into_iter().find(|name| name.starts_with("linux-image-"));
    kernel.map(str::to_owned).with_context(|| format!("{KERNEL} depends on no kernel"))
}

/// Takes what is needed from the unpacked packages.
fn collect(root: &Path, directory: &Path) -> Result<()> {
    let kernels = fs::read_dir(root.join("boot"))?.flatten().map(|entry| entry.path());
    let is_kernel = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz-"))
    };
    let kernel = kernels.into_iter().find(is_kernel).context("the package has no kernel")?;
    unpack_kernel(&kernel, &directory.join("kernel"))?;
    let busybox = directory.join("busybox");
    fs::copy(root.join("bin/busybox"), &busybox)?;
    fs::set_permissions(&busybox, fs::Permissions::from_mode(0o755))?;

    let modules = root.join("lib/modules");
    let version = fs::read_dir(&modules)?.flatten().next().context("the package has no modules")?;
    let to = directory.join("root/lib/modules").join(version.file_name());
    fs::create_dir_all(&to)?;
    for name in ["modules.builtin", "modules.order"] {
        fs::copy(version.path().join(name), to.join(name))?;
    }
    let mut found = Vec::new();
    find_modules(&version.path().join("kernel"), &mut found)?;
    for name in MODULES {
        let is_it = |path: &&PathBuf| path.file_stem() == Some(OsStr::new(name));
        let Some(path) = found.iter().find(is_it) else { bail!("the kernel has no module {name}") };
        fs::copy(path, to.join(format!("{name}.ko")))?;
    }
    // For modprobe.
    let mut depmod = shell::program(&busybox);
    depmod.args(["depmod", "-b"]).arg(directory.join("root")).arg(version.file_name());
    shell::run(&mut depmod)
}

/// Unpacks the kernel here: an emulated machine would take longer for it than for all else of its
/// start. QEMU starts the unpacked one by its PVH entry.
fn unpack_kernel(from: &Path, to: &Path) -> Result<()> {
    const XZ: &[u8] = b"\xfd7zXZ\0";
    let image = fs::read(from)?;
    let Some(at) = image.windows(XZ.len()).position(|bytes| bytes == XZ) else {
        // Packed otherwise: it can do that itself.
        fs::copy(from, to)?;
        return Ok(());
    };
    let packed = to.with_extension("xz");
    fs::write(&packed, image.get(at..).unwrap_or_default())?;
    let mut xz = shell::program("xz");
    xz.args(["--decompress", "--stdout", "--single-stream"]).arg(&packed);
    let unpacked = xz.stdout(fs::File::create(to)?).status().context("cannot start xz")?;
    fs::remove_file(&packed)?;
    match unpacked.success() {
        true => Ok(()),
        false => bail!("xz cannot unpack the kernel: {unpacked}"),
    }
}

fn find_modules(directory: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        match path.is_dir() {
            true => find_modules(&path, found)?,
            false if path.extension() == Some(OsStr::new("ko")) => found.push(path),
            false => {}
        }
    }
    Ok(())
}
