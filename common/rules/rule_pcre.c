#include "common/rules/rule_pcre.h"

#include "common/base/err.h"
#include "common/rules/rule_set.h"

/* Nested parentheses of a pattern: PCRE2 needs stack for each while it compiles. */
#define PATTERN_PARENS_MAX 100

static void *
arena_malloc(PCRE2_SIZE size, void *arena)
{
	return arena_alloc(arena, size);
}

static void
arena_free(void *memory, void *arena)
{
	(void)memory;
	(void)arena;
}

int
rule_pcre_make(struct rule_pcre *pcre, struct arena *arena)
{
	pcre2_general_context *memory =
		pcre2_general_context_create(arena_malloc, arena_free, arena);

	if (memory == NULL) {
		return ERR_NOMEM;
	}
	pcre->compiling = pcre2_compile_context_create(memory);
	pcre->matching = pcre2_match_context_create(memory);
	if (pcre->compiling == NULL || pcre->matching == NULL) {
		return ERR_NOMEM;
	}
	(void)pcre2_set_newline(pcre->compiling, PCRE2_NEWLINE_LF);
	(void)pcre2_set_parens_nest_limit(pcre->compiling, PATTERN_PARENS_MAX);
	(void)pcre2_set_match_limit(pcre->matching, RULE_MATCH_STEPS_MAX);
	(void)pcre2_set_depth_limit(pcre->matching, RULE_MATCH_DEPTH_MAX);
	(void)pcre2_set_heap_limit(pcre->matching, RULE_MATCH_KIB_MAX);
	pcre->trying = pcre2_match_context_copy(pcre->matching);
	if (pcre->trying == NULL) {
		return ERR_NOMEM;
	}
	(void)pcre2_set_match_limit(pcre->trying, RULE_FREE_STEPS_MAX);
	return 0;
}

int
rule_pcre_match(const struct rule_pcre *pcre, const pcre2_code *code, struct slice text,
	pcre2_match_data *match, unsigned int *steps_left)
{
	int result = pcre2_match(code, text.data, text.len, 0, 0, match, pcre->trying);

	if (result != PCRE2_ERROR_MATCHLIMIT || *steps_left < RULE_MATCH_STEPS_MAX) {
		return result;
	}
	*steps_left -= RULE_MATCH_STEPS_MAX;
	return pcre2_match(code, text.data, text.len, 0, 0, match, pcre->matching);
}
