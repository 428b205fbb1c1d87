// What each thread is calling right now, in a mapped file that outlives the process. The next start reads there
// which rule was called for which asset when the process ended, and a watchdog ends a process whose call does not.
#ifndef MW_NOTE_H
#define MW_NOTE_H

#include <stddef.h>
#include <stdint.h>

// The file, integers little-endian:
//   0  "MWCALLS\1"
//   8  u32 places, u32 rules, u32 callers (the rules first, then the adapters), u32 assets
//  24  eight bytes of zero
//  32  u64 zero, three times
//  64  the configuration's hash, 64 letters
// 128  the places, 64 bytes each, see MWPlace in note.h
//      u32 (callers + assets + 1): where each name begins and the last ends, counted from behind these numbers
//      the names

/// An open note; and one thread's place in it.
typedef struct MWNote MWNote;
typedef struct MWPlace MWPlace;

typedef enum { MW_LIVE, MW_RECOVERING } MWPhase;

/// `ending` of a place: 0 while nothing is known (or the process was killed from outside), a signal, or this.
#define MW_OVERRAN 1000

/// Writes the image to the file, in place of an earlier one, and maps it; without a path it is kept in memory only,
/// which serves the watchdog. NULL when it cannot, with the reason in errno. The caller's, for mw_note_close.
MWNote *mw_note_open(const char *path, const uint8_t *image, size_t length);
/// Ends the watchdog and unmaps; the file stays. No place may be in use.
void mw_note_close(MWNote *note);

/// From now on a thread that brings the process down (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT) inside a call
/// leaves that in its place and a line on standard error; then the signal does what it did before. One note a process.
void mw_note_guard(MWNote *note);
/// Starts the watchdog: a call that has used this much of its thread's processor time ends the process with status
/// 70, after a line on standard error. Time of the processor, so that neither SIGSTOP, a suspended machine nor a
/// busy one is taken for a call that hangs. 0, or an errno.
int mw_note_watch(MWNote *note, int64_t nanoseconds);
/// How often the watchdog has looked.
uint64_t mw_note_looks(const MWNote *note);
/// Forgets what an earlier process left: the places marked with thread -1.
void mw_note_forget(MWNote *note);

/// A free place for the calling thread, which is the only one to call from it; NULL when all are taken.
MWPlace *mw_place_take(MWNote *note);
void mw_place_give_back(MWPlace *place);
void mw_place_set_phase(MWPlace *place, MWPhase phase);
/// Whether calls from here on are bounded in time: what was decided before is decided again without a clock.
void mw_place_set_clocked(MWPlace *place, int clocked);
/// Where the number of the asset is to be written before a call, UINT32_MAX for none. A plain word for its one writer.
uint32_t *mw_place_asset(MWPlace *place);

#endif
