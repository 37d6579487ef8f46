//! Patterns of PCRE2, the library of the system, with what its usual wrapper leaves
//! out: all options, and partial matching, by which a text can be searched that is
//! never in memory as a whole (`pcre2partial(3)`).

use std::fmt;
use std::ptr::{self, NonNull};

use pcre2_sys as pcre2;

/// The words of `regex_options`, and what they are to the library.
const OPTIONS: &[(&str, u32)] = &[
    ("allow_empty_class", pcre2::PCRE2_ALLOW_EMPTY_CLASS),
    ("alt_bsux", pcre2::PCRE2_ALT_BSUX),
    ("alt_circumflex", pcre2::PCRE2_ALT_CIRCUMFLEX),
    ("alt_verbnames", pcre2::PCRE2_ALT_VERBNAMES),
    ("auto_callout", pcre2::PCRE2_AUTO_CALLOUT),
    ("caseless", pcre2::PCRE2_CASELESS),
    ("dollar_endonly", pcre2::PCRE2_DOLLAR_ENDONLY),
    ("dotall", pcre2::PCRE2_DOTALL),
    ("dupnames", pcre2::PCRE2_DUPNAMES),
    ("extended", pcre2::PCRE2_EXTENDED),
    ("firstline", pcre2::PCRE2_FIRSTLINE),
    ("match_unset_backref", pcre2::PCRE2_MATCH_UNSET_BACKREF),
    ("multiline", pcre2::PCRE2_MULTILINE),
    ("never_backslash_c", pcre2::PCRE2_NEVER_BACKSLASH_C),
    ("never_ucp", pcre2::PCRE2_NEVER_UCP),
    ("never_utf", pcre2::PCRE2_NEVER_UTF),
    ("no_auto_capture", pcre2::PCRE2_NO_AUTO_CAPTURE),
    ("no_auto_possess", pcre2::PCRE2_NO_AUTO_POSSESS),
    ("no_dotstar_anchor", pcre2::PCRE2_NO_DOTSTAR_ANCHOR),
    ("no_start_optimize", pcre2::PCRE2_NO_START_OPTIMIZE),
    ("ucp", pcre2::PCRE2_UCP),
    ("ungreedy", pcre2::PCRE2_UNGREEDY),
    ("use_offset_limit", pcre2::PCRE2_USE_OFFSET_LIMIT),
    ("utf", pcre2::PCRE2_UTF),
];

/// Memory of one search in KiB, where the machine code of a pattern is not enough.
const HEAP_LIMIT: u32 = 16 * 1024;

/// Why a pattern is none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PatternError {
    /// Where in the text, in octets.
    pub offset: usize,
    /// The library's words.
    pub message: String,
}

/// A pattern.
pub struct Code {
    code: NonNull<pcre2::pcre2_code_8>,
    lookbehind: usize,
    is_utf: bool,
}

/// Octets of the stack that the machine code of a pattern may use, at first and at most.
pub type Stack = (usize, usize);

/// How the end of the searched part is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// It is the end of the text.
    Final,
    /// More follows: a match that might go on is [`Found::Partial`].
    Open,
    /// More follows, and a match that might go on is as good as what there is of it.
    Cut,
}

/// What was found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Found {
    /// A match.
    Match,
    /// What may become one, from this octet of the part.
    Partial(usize),
    /// Nothing.
    Nothing,
}

impl Code {
    /// Compile a pattern with options by their words; unknown words mean nothing.
    ///
    /// # Errors
    /// The place and what the library says.
    pub fn compile(
        pattern: &[u8],
        words: &[String],
        offset_limit: bool,
    ) -> Result<Self, PatternError> {
        let known = OPTIONS
            .iter()
            .filter(|(word, _)| words.iter().any(|given| given == word));
        let mut options = known.fold(0, |sum, (_, bit)| sum | bit);
        if offset_limit {
            options |= pcre2::PCRE2_USE_OFFSET_LIMIT;
        }
        if options & pcre2::PCRE2_UTF != 0 {
            options |= pcre2::PCRE2_MATCH_INVALID_UTF;
        }
        let mut compiled = Self::with_options(pattern, options)?;
        if compiled.is_utf && options & pcre2::PCRE2_UTF == 0 {
            // `(*UTF)` in the pattern: what is no UTF-8 must not be an error there either.
            compiled = Self::with_options(pattern, options | pcre2::PCRE2_MATCH_INVALID_UTF)?;
        }
        compiled.make_machine_code();
        Ok(compiled)
    }

    fn with_options(pattern: &[u8], options: u32) -> Result<Self, PatternError> {
        let (mut error, mut offset) = (0, 0);
        // SAFETY: the library reads `len` octets of a slice that lives during the call
        // and writes into two local variables.
        let code = unsafe {
            pcre2::pcre2_compile_8(
                pattern.as_ptr(),
                pattern.len(),
                options,
                &raw mut error,
                &raw mut offset,
                ptr::null_mut(),
            )
        };
        let code = NonNull::new(code).ok_or_else(|| PatternError {
            offset,
            message: message(error),
        })?;
        let mut compiled = Self {
            code,
            lookbehind: 0,
            is_utf: false,
        };
        compiled.lookbehind = compiled.info(pcre2::PCRE2_INFO_MAXLOOKBEHIND) as usize;
        compiled.is_utf = compiled.info(pcre2::PCRE2_INFO_ALLOPTIONS) & pcre2::PCRE2_UTF != 0;
        Ok(compiled)
    }

    /// The longest look behind the start of a match, in characters.
    #[must_use]
    pub const fn lookbehind(&self) -> usize {
        self.lookbehind
    }

    /// Whether the text is read as UTF-8.
    #[must_use]
    pub const fn is_utf(&self) -> bool {
        self.is_utf
    }

    /// Search `part` from the octet `start`. A match begins at the octet `limit` at the
    /// latest; a limit counts only if the pattern was compiled for one.
    ///
    /// # Errors
    /// The search was given up; what the library says.
    pub fn find(
        &self,
        part: &[u8],
        start: usize,
        limit: Option<usize>,
        end: End,
        stack: Option<Stack>,
    ) -> Result<Found, String> {
        let no_memory = || "out of memory".to_owned();
        let search = Search::new(limit, stack).ok_or_else(no_memory)?;
        let options = match end {
            End::Final => 0,
            End::Open => pcre2::PCRE2_PARTIAL_HARD,
            End::Cut => pcre2::PCRE2_NOTEOL,
        };
        let mut result = search.run(self, part, start, options);
        if result == pcre2::PCRE2_ERROR_JIT_STACKLIMIT {
            // The interpreter has the heap for it.
            result = search.run(self, part, start, options | pcre2::PCRE2_NO_JIT);
        }
        // With partial matching the library's machine code goes one too far (10.42).
        let late = || limit.is_some_and(|limit| search.start() > limit);
        match result {
            pcre2::PCRE2_ERROR_NOMATCH => Ok(Found::Nothing),
            found if (found >= 0 || found == pcre2::PCRE2_ERROR_PARTIAL) && late() => {
                Ok(Found::Nothing)
            }
            pcre2::PCRE2_ERROR_PARTIAL => Ok(Found::Partial(search.start())),
            error if error < 0 => Err(message(error)),
            _ => Ok(Found::Match),
        }
    }

    /// A number that the library knows of the pattern.
    fn info(&self, what: u32) -> u32 {
        let mut value = 0u32;
        // SAFETY: the pattern lives, and what is asked for are 32 bits.
        let result = unsafe {
            pcre2::pcre2_pattern_info_8(self.code.as_ptr(), what, (&raw mut value).cast())
        };
        if result == 0 { value } else { 0 }
    }

    /// Without it the interpreter does the same more slowly.
    fn make_machine_code(&mut self) {
        let options = pcre2::PCRE2_JIT_COMPLETE | pcre2::PCRE2_JIT_PARTIAL_HARD;
        // SAFETY: the pattern lives and is ours alone.
        let _ = unsafe { pcre2::pcre2_jit_compile_8(self.code.as_ptr(), options) };
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        // SAFETY: the pattern is ours and not used again.
        unsafe { pcre2::pcre2_code_free_8(self.code.as_ptr()) }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code")
            .field("lookbehind", &self.lookbehind)
            .field("is_utf", &self.is_utf)
            .finish_non_exhaustive()
    }
}

/// What the library needs for one search.
struct Search {
    data: NonNull<pcre2::pcre2_match_data_8>,
    context: NonNull<pcre2::pcre2_match_context_8>,
    stack: Option<NonNull<pcre2::pcre2_jit_stack_8>>,
}

impl Search {
    fn new(limit: Option<usize>, stack: Option<Stack>) -> Option<Self> {
        // SAFETY: there is nothing to hold; a failure is null.
        let data = NonNull::new(unsafe { pcre2::pcre2_match_data_create_8(1, ptr::null_mut()) })?;
        // SAFETY: as before.
        let context = unsafe { pcre2::pcre2_match_context_create_8(ptr::null_mut()) };
        let Some(context) = NonNull::new(context) else {
            // SAFETY: made above and not used again.
            unsafe { pcre2::pcre2_match_data_free_8(data.as_ptr()) };
            return None;
        };
        let mut search = Self {
            data,
            context,
            stack: None,
        };
        // SAFETY: the context lives.
        unsafe { pcre2::pcre2_set_heap_limit_8(context.as_ptr(), HEAP_LIMIT) };
        if let Some(limit) = limit {
            // SAFETY: the context lives.
            unsafe { pcre2::pcre2_set_offset_limit_8(context.as_ptr(), limit) };
        }
        if let Some((first, most)) = stack {
            search.assign_stack(first, most);
        }
        Some(search)
    }

    /// Without the stack the library uses 32 KiB of ours.
    fn assign_stack(&mut self, first: usize, most: usize) {
        // SAFETY: there is nothing to hold; a failure is null.
        let stack = unsafe { pcre2::pcre2_jit_stack_create_8(first, most, ptr::null_mut()) };
        let Some(stack) = NonNull::new(stack) else {
            return;
        };
        self.stack = Some(stack);
        // SAFETY: the context lives; the stack is freed after the last search with it.
        unsafe {
            pcre2::pcre2_jit_stack_assign_8(self.context.as_ptr(), None, stack.as_ptr().cast());
        }
    }

    fn run(&self, code: &Code, part: &[u8], start: usize, options: u32) -> i32 {
        // SAFETY: pattern, result and context live, and the library reads `len` octets of
        // a slice that lives during the call; `start` beyond it is an error of its own.
        unsafe {
            pcre2::pcre2_match_8(
                code.code.as_ptr(),
                part.as_ptr(),
                part.len(),
                start,
                options,
                self.data.as_ptr(),
                self.context.as_ptr(),
            )
        }
    }

    /// Where the last match, even a partial one, was begun.
    fn start(&self) -> usize {
        // SAFETY: the result lives.
        unsafe { pcre2::pcre2_get_startchar_8(self.data.as_ptr()) }
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        // SAFETY: ours and not used again.
        unsafe { pcre2::pcre2_match_data_free_8(self.data.as_ptr()) };
        // SAFETY: ours and not used again.
        unsafe { pcre2::pcre2_match_context_free_8(self.context.as_ptr()) };
        if let Some(stack) = self.stack {
            // SAFETY: ours, and the context that had it is gone.
            unsafe { pcre2::pcre2_jit_stack_free_8(stack.as_ptr()) };
        }
    }
}

/// The library's words for an error.
fn message(error: i32) -> String {
    let mut room = [0u8; 256];
    // SAFETY: the library writes at most `len` octets, a NUL included.
    let length = unsafe { pcre2::pcre2_get_error_message_8(error, room.as_mut_ptr(), room.len()) };
    let text = usize::try_from(length).ok().and_then(|n| room.get(..n));
    text.map_or_else(
        || format!("error {error}"),
        |text| String::from_utf8_lossy(text).into_owned(),
    )
}
