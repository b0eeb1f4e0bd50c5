/*
 * settings_table.h - the declarative table behind settings.h; private to common/conf.
 *
 * A row names a setting, where it is kept, how its value reads and what it means. A type
 * knows how to set and how to print a value; the special ones (score, add_header, ...) are
 * types like the others. To add a setting: a field in struct settings, a row in
 * settings_table.c, and the documentation rewritten (test_conf_reference.c).
 */
#ifndef COMMON_CONF_SETTINGS_TABLE_H
#define COMMON_CONF_SETTINGS_TABLE_H

#include "common/conf/settings.h"

#define SETTING_ADMIN      0x01 /**< refused in user_prefs */
#define SETTING_PRIVILEGED 0x02 /**< in user_prefs only with allow_user_rules */
#define SETTING_STRICT     0x04 /**< ours: a bad value is an error at start, not a warning */
#define SETTING_LOWER      0x08 /**< words are kept in lower case */

enum setting_section {
	SETTING_SECTION_VERDICT,
	SETTING_SECTION_TRUST,
	SETTING_SECTION_METRIC,
	SETTING_SECTION_EVIDENCE,
	SETTING_SECTION_ADDRESSES,
	SETTING_SECTION_LISTS,
	SETTING_SECTION_MARKUP,
	SETTING_SECTION_REPORT,
	SETTING_SECTION_LEARNER,
	SETTING_SECTION_DAEMON,
	SETTING_SECTION_UPSTREAM,
	SETTING_SECTION_GOSSIP,
	SETTING_SECTION_KEYS,
	SETTING_SECTION_COUNT,
};

struct setting_row;

/** One assignment. */
struct setting_change {
	struct settings *settings;
	const struct setting_row *row;
	struct slice value;
	struct err_msg *msg; /**< what is wrong with the value, and what would be right */
	bool is_dangerous; /**< set on failure: going on without the line would loosen trust */
};

struct setting_type {
	const char *form; /**< how the value reads, for people */
	/** @return 0; ERR_INVALID, ERR_RANGE or ERR_TOOBIG with msg; ERR_NOMEM. */
	int (*set)(struct setting_change *change);
	/** Appends `name value` lines that give the value again; NULL where another row does. */
	void (*print)(
		const struct setting_row *row, const struct settings *s, struct dynbuf *out);
};

struct setting_row {
	const char *name;
	const char
		*alias; /**< further name, or NULL; whitelist and blacklist forms need none */
	const struct setting_type *type;
	enum setting_section section;
	unsigned int flags; /**< SETTING_* */
	size_t offset;      /**< of the field in struct settings */
	double min;         /**< of numbers, in `unit` */
	double max;
	const char *unit; /**< "seconds"; NULL where there is none */
	const char *
		choices; /**< words allowed, blank-separated, in the order of their enum; or NULL */
	const char *initial; /**< default, one assignment a line; NULL: none is made */
	const char *help;    /**< one sentence */
};

extern const struct setting_row settings_rows[];
extern const size_t settings_row_count;

/** Title of a section of the documentation. */
const char *setting_section_title(enum setting_section section);

/** Longest name of a setting that is looked up, NUL included. */
#define SETTING_NAME_MAX 64

/**
 * The present name where a normalised one has a spelling of before version 4 (whitelist,
 * blacklist), written to `out`; else the name itself.
 */
struct slice setting_present_name(struct slice key, char out[SETTING_NAME_MAX]);

/** The row of a present name or alias; NULL where there is none. */
const struct setting_row *setting_row_find(struct slice key);

/* Scalars: settings_scalar.c. Field types in parentheses. */
extern const struct setting_type setting_type_bool;      /* (bool) */
extern const struct setting_type setting_type_number;    /* (double) */
extern const struct setting_type setting_type_integer;   /* (uint32_t) */
extern const struct setting_type setting_type_duration;  /* (uint32_t, seconds) */
extern const struct setting_type setting_type_size;      /* (uint64_t, bytes) */
extern const struct setting_type setting_type_choice;    /* (an enum) */
extern const struct setting_type setting_type_text;      /* (struct slice) */
extern const struct setting_type setting_type_delimiter; /* (struct slice), or "none" */

/* Lists: settings_list.c. */
extern const struct setting_type setting_type_words;          /* (struct strlist) */
extern const struct setting_type setting_type_clear_words;    /* (struct strlist) */
extern const struct setting_type setting_type_globs;          /* (struct strlist) */
extern const struct setting_type setting_type_remove_globs;   /* (struct strlist) */
extern const struct setting_type setting_type_remove_auth;    /* both welcomelist_auth */
extern const struct setting_type setting_type_rcvd;           /* (struct strpairs) */
extern const struct setting_type setting_type_remove_rcvd;    /* both ..._from_rcvd */
extern const struct setting_type setting_type_lines;          /* (struct strlist) */
extern const struct setting_type setting_type_networks;       /* (struct netlist) */
extern const struct setting_type setting_type_clear_networks; /* (struct netlist) */

/* Rules and markup: settings_markup.c. */
extern const struct setting_type setting_type_score;
extern const struct setting_type setting_type_describe;
extern const struct setting_type setting_type_header; /* settings_rules.c, and the next two */
extern const struct setting_type setting_type_meta;
extern const struct setting_type setting_type_tflags;
extern const struct setting_type setting_type_add_header;
extern const struct setting_type setting_type_remove_header;
extern const struct setting_type setting_type_clear_headers;
extern const struct setting_type setting_type_rewrite_header;
extern const struct setting_type setting_type_report_safe;

/** Address of the field of a row, to be cast to its type. */
static inline void *
setting_field(struct settings *s, const struct setting_row *row)
{
	return (char *)s + row->offset;
}

static inline const void *
setting_field_const(const struct settings *s, const struct setting_row *row)
{
	return (const char *)s + row->offset;
}

/** Derives what depends on several settings, once all are read. @return 0 or ERR_NOMEM. */
NODISCARD int settings_complete(struct settings *s);

/** A number as SpamAssassin takes it: a digit in front of the point. @return 0 or ERR_INVALID. */
NODISCARD int setting_read_decimal(struct slice text, double *out);

/** Appends a number without exponent and without needless zeros. */
void setting_print_number(double value, struct dynbuf *out);

/** Appends a text as a .cf file wants it: # becomes \#. */
void setting_print_text(struct slice text, struct dynbuf *out);

#endif
