//! OpenSSL is loaded when the first of its functions is called.
//!
//! A program that is linked to it has it relocated at every start, a megabyte and a
//! half of memory in processes that speak no TLS: the parent, and VRRP. So each
//! function that is used has a stub of its name here, which the linker prefers to the
//! library's. The first call looks the function up and remembers where it is; the
//! others jump there. A function without a stub would only bring the library
//! back at the start, see `tests/footprint.rs`.

use std::arch::global_asm;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Names of the library, the newest first.
const LIBRARIES: [&CStr; 2] = [c"libssl.so.3", c"libssl.so.1.1"];

/// What a stub knows, as the assembler lays it out.
#[repr(C)]
struct Function {
    /// Where the function is; null before the first call.
    place: AtomicPtr<c_void>,
    /// Its name begins here and ends with a zero.
    name: [c_char; 0],
}

/// A stub for each function: jump where it is, or to the look-up with the address of
/// its [`Function`] in a register that no call uses.
macro_rules! stubs {
    ($($name:ident)+) => { $(
        global_asm!(
            concat!(".section .text.lazy_tls.", stringify!($name), ", \"ax\", @progbits"),
            concat!(".globl ", stringify!($name)),
            concat!(".hidden ", stringify!($name)),
            concat!(".type ", stringify!($name), ", @function"),
            concat!(stringify!($name), ":"),
            concat!("mov r11, qword ptr [rip + .Llazy_tls_", stringify!($name), "]"),
            "test r11, r11",
            "jz 2f",
            "jmp r11",
            "2:",
            concat!("lea r11, [rip + .Llazy_tls_", stringify!($name), "]"),
            "jmp {look_up}",
            concat!(".size ", stringify!($name), ", . - ", stringify!($name)),
            concat!(".section .data.lazy_tls.", stringify!($name), ", \"aw\", @progbits"),
            ".balign 8",
            concat!(".Llazy_tls_", stringify!($name), ":"),
            ".quad 0",
            concat!(".asciz \"", stringify!($name), "\""),
            ".text",
            look_up = sym keepalived_lazy_tls_look_up,
        );
    )+ };
}

unsafe extern "C" {
    fn keepalived_lazy_tls_look_up();
}

// The arguments of the call stay as they are: integers in six registers, numbers in
// eight, how many of those in al (System V ABI, section 3.2.3).
global_asm!(
    ".section .text.lazy_tls.look_up, \"ax\", @progbits",
    ".globl keepalived_lazy_tls_look_up",
    ".hidden keepalived_lazy_tls_look_up",
    ".type keepalived_lazy_tls_look_up, @function",
    "keepalived_lazy_tls_look_up:",
    "push rbp",
    "mov rbp, rsp",
    "push rdi",
    "push rsi",
    "push rdx",
    "push rcx",
    "push r8",
    "push r9",
    "push rax",
    "push r10",
    "sub rsp, 128",
    "movups [rsp], xmm0",
    "movups [rsp + 16], xmm1",
    "movups [rsp + 32], xmm2",
    "movups [rsp + 48], xmm3",
    "movups [rsp + 64], xmm4",
    "movups [rsp + 80], xmm5",
    "movups [rsp + 96], xmm6",
    "movups [rsp + 112], xmm7",
    "mov rdi, r11",
    "call {look_up}",
    "mov r11, rax",
    "movups xmm0, [rsp]",
    "movups xmm1, [rsp + 16]",
    "movups xmm2, [rsp + 32]",
    "movups xmm3, [rsp + 48]",
    "movups xmm4, [rsp + 64]",
    "movups xmm5, [rsp + 80]",
    "movups xmm6, [rsp + 96]",
    "movups xmm7, [rsp + 112]",
    "add rsp, 128",
    "pop r10",
    "pop rax",
    "pop r9",
    "pop r8",
    "pop rcx",
    "pop rdx",
    "pop rsi",
    "pop rdi",
    "pop rbp",
    "jmp r11",
    ".size keepalived_lazy_tls_look_up, . - keepalived_lazy_tls_look_up",
    ".text",
    look_up = sym look_up,
);

/// Where a function is.
unsafe extern "C" fn look_up(function: *const Function) -> *mut c_void {
    // SAFETY: the stub passes its own data, which is static.
    let function = unsafe { &*function };
    let name = ptr::from_ref(function).wrapping_add(1).cast::<c_char>();
    let place = find(name);
    function.place.store(place, Ordering::Relaxed);
    place
}

fn find(name: *const c_char) -> *mut c_void {
    // A program that needs the library for other functions has it already.
    let loaded = symbol(name);
    if !loaded.is_null() {
        return loaded;
    }
    for library in LIBRARIES {
        // SAFETY: the name ends with a zero; the library's constructors are sound.
        let handle = unsafe { libc::dlopen(library.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
        let place = symbol(name);
        if !handle.is_null() && !place.is_null() {
            return place;
        }
    }
    give_up(name)
}

fn symbol(name: *const c_char) -> *mut c_void {
    // SAFETY: the name ends with a zero.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name) }
}

/// Nothing sensible can be returned for a function that is not there.
fn give_up(name: *const c_char) -> ! {
    // SAFETY: the name ends with a zero and is static.
    let name = unsafe { CStr::from_ptr(name) };
    for part in [c"OpenSSL cannot be loaded: no ", name, c"\n"] {
        let octets = part.to_bytes();
        const STDERR: c_int = 2;
        // SAFETY: the octets live during the call.
        unsafe { libc::write(STDERR, octets.as_ptr().cast(), octets.len()) };
    }
    std::process::abort()
}

stubs! {
    BIO_clear_flags BIO_free_all BIO_get_data BIO_meth_free BIO_meth_new BIO_meth_set_create
    BIO_meth_set_ctrl BIO_meth_set_destroy BIO_meth_set_puts BIO_meth_set_read
    BIO_meth_set_write BIO_new BIO_new_mem_buf BIO_set_data BIO_set_flags BIO_set_init
    CRYPTO_free CRYPTO_get_ex_new_index
    ERR_get_error_all ERR_reason_error_string
    EVP_PKEY_free
    OPENSSL_init_ssl
    PEM_read_bio_PrivateKey
    SSL_CTX_ctrl SSL_CTX_free SSL_CTX_get_ex_data SSL_CTX_load_verify_locations SSL_CTX_new
    SSL_CTX_set_ex_data SSL_CTX_up_ref SSL_CTX_use_PrivateKey
    SSL_CTX_use_certificate_chain_file
    SSL_SESSION_free SSL_SESSION_up_ref
    SSL_connect SSL_ctrl SSL_free SSL_get_SSL_CTX SSL_get_error SSL_get_ex_data SSL_get_rbio
    SSL_get_session SSL_new SSL_read_ex SSL_set_bio SSL_set_ex_data SSL_set_session
    SSL_set_shutdown SSL_shutdown SSL_write_ex
    TLS_client_method
}
