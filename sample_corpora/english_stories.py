"""Small stories of the English corpus (see `grammar` for the notation, `english` for the slots)."""

STORY = [
    (
        "Once there was a~{adj} {n} that [wanted to see the world|was never content|had no friends]. One "
        "day the {n} {did}. A~{adj3} {n3} [saw it and laughed|asked what that was good for|told it to go "
        "home]. From that day the {n} and the {n3} [were friends|travelled together|told each other "
        "everything]."
    ),
    (
        "{P}'s {kin} was ill, so {he} called the doctor. The doctor {ddid}. A nurse [brought some "
        "pills|came the next day|wrote down the time]. By [Friday|Sunday|the weekend] {his} {kin} could eat "
        "{f} again."
    ),
    (
        "On {his} first day as a~{job}, {P} [was nervous|came too early|forgot {his} lunch]. {he} {jdid}. "
        "An older {job} showed {him} how to {jdo}. {after}, {he} [felt at home|was proud|phoned {his} {kin}]."
    ),
    (
        "{P} and {Q} had [ten|twenty|thirty] euros left in {town}. They bought {f} and {f2} and sat down by "
        "the water. A~{adj3b} {n3b} [came closer|wanted its share|watched every bite]. They were [poor but "
        "happy|not hungry any more|glad they had come]."
    ),
    (
        "My {kin} grew up in {town}, where my {kina} was a~{job}. {khe} still talks about {known}. [Every "
        "{season} we go back|We went there in {season}|In {season} we take the train there], and {khe} "
        "shows us the old street."
    ),
    (
        "The children found a~{adj} {n} {at}. They asked {P}, who is a~{job}, what to do. {P} told them to "
        "leave the {n} in peace. {when}, the {n} {did}."
    ),
    (
        "{P} planned a big {season} party. {his} {kin} prepared {fc}, and {his} {kin2} brought {f2}. Only "
        "{Q} came late, because the train from {town} had stopped. There was [still enough {f3}|nothing "
        "left but {f3}|plenty of {f3}]."
    ),
    (
        "{P} lost {his} way in {town}. {he} asked a~{job}, but the {job} came from {town2}. {after}, {he} "
        "was in front of the station again. {he} [sat down and ate {f}|sent {Q} a photograph of "
        "a~{n3b}|laughed and took a taxi]."
    ),
    (
        "The class wrote about animals. {P} chose the {n}, and {Q} chose the {n3}. {P} wrote that {ns} "
        "{canp}. {Q} wrote that {ns3} {canp3}. The teacher read both pages aloud."
    ),
    (
        "My {kinc} cannot sleep without a story. {when} I told one about a~{n} and a~{n3}. In it the {n} "
        "{did}, and the {n3} {did3}. My {kinc} slept before the end."
    ),
    (
        "The market in {town} opens at six. The baker sells bread, and the farmer sells {f}. {P} [comes "
        "early|knows them all|carries a large basket] and buys {f2} for {his} {kin}. On the wall sits "
        "a~{adj3b} {n3b}."
    ),
    (
        "{P} visited {his} {kin} on the farm. There were {ns3f} behind the house and {ns3w} in the wood "
        "nearby. {he} helped to bring in the hay. {when}, {he} drank fresh milk and ate bread with "
        "{breadwith}."
    ),
    (
        "The newspaper in {town} wrote about a~{n3s} that had escaped from the zoo. A constable saw it in "
        "{town2}. A keeper [caught it with a net|called it by name|gave it {eats3s}]. The {n3s} was "
        "{adj3s}, and nobody was hurt."
    ),
    (
        "My mother and my father met in {town}. She was a~{job}, and he was a~{job2}. They [shared an "
        "umbrella|took the same train|danced at a wedding] in {season} and married in {season2}. My {kinc} "
        "still asks for the photographs."
    ),
    (
        "{P} wanted to make {fc} for {his} mother. {he} had no [flour|salt|onions|butter|milk], so {his} "
        "father went to the shop. {his} {kina} set the table. {his} mother said that {fc} had never tasted "
        "so good, and everyone had some {f} too."
    ),
    (
        "The nurse had the night shift in the hospital of {town2}. The doctor {ddid} at {hour}. Before dawn "
        "they shared {f} and talked about {town}. Then the doctor went home to her {kin}."
    ),
    (
        "A~{adj} {n} was {at}, and {P} [did not dare to move|held {his} breath|sat very still]. “It is only "
        "a~{n},” said {Q}. “It eats {eats}, not people.” Then the {n} {did}, and even {P} smiled."
    ),
    (
        "{P} is a doctor, and {Q} is a~{job2}. {P} {ddid} {day}, while {Q} {jdid2}. At {meal0} they had {f} "
        "and {f2} and talked about {his} {kin}."
    ),
    (
        "A boat called {pet} left {town} with {f}, {f2} and two {jobs} on board. {when}, the {job} {jdid}. "
        "Near the coast they saw a~{n3m} and a~{n3b}."
    ),
]

# Stories of animals that live with people.
HOME = [
    (
        "{P} woke up because the {n} was [restless|making a noise|not in its place]. {he} [went "
        "downstairs|put on a coat|took a torch] and looked {at}. The {n} was there, and beside it sat "
        "a~{adj2} {n2}. [{P} laughed and went back to bed.|{he} gave both of them {eats}.]"
    ),
    (
        "The {job} had no time for lunch. {P} brought some {f} with {fwith}. They ate {jplace} and talked "
        "about a~{n} and a~{n2}. Then the {job} {jdid}."
    ),
    (
        "It was a~{wadj} {season} morning, and the {job} {jdid}. A~{adj} {n} was {at}. [Nobody knew where "
        "it came from|The {job} had seen it before|It belonged to {P}]. By noon the {n} and the {job} were "
        "friends."
    ),
    (
        "Mrs {surname} has [two|three|four] {ns} and one {n2}. The {ns} are {adj}, and the {n2} is {adj2}. "
        "When the neighbours complained, she [gave them {f}|invited them for {meal0}|only smiled]."
    ),
    (
        "Mr {surname} was a~{job} for forty years. Last {season} he {jdid} for the last time. Now he lives "
        "near {town} with a~{adj} {n}. He says that the {n} is better company than any {n2}."
    ),
    (
        "The vet from {town} came to see the {n}. The {n} [trembled|kept still|tried to hide], and {P} held "
        "it gently. “Give it {eats},” said the vet, “and keep the {n2} away for a week.” {after}, the {n} "
        "was well."
    ),
    (
        "{P} is a~{job3} in {town}. {he} {jdid3}, and then {he} had [a cup of tea|{f} with {fwith}|ten "
        "minutes of rest]. “I like my work,” {he} said to {Q}, “but I miss my {n} and my {n2}.”"
    ),
    (
        "{P} taught a~{n} to come when {he} called. It took [three weeks|a month|all {season}]. {he} used "
        "{eats} as a reward. {Q} tried the same with a~{n2} and gave up."
    ),
    (
        "On the way to {town} the car broke down. A mechanic [came on a bicycle|lived close by|was soon "
        "found], and {P} waited in a café with {Q}. They ordered {f} and {f2}. Outside, a~{adj} {n} and "
        "a~{n2} were asleep in the sun."
    ),
    (
        "{Q} came home in the rain. {qhis} {kin} had made {fc}, and there was {f2} on the table. The {n} "
        "lay beside the {n2}. It was {season}, and {qhe} [was glad to be home|did not want to go out "
        "again|took off {qhis} wet shoes]."
    ),
    (
        "{P} [is allergic to {ns}|is afraid of {ns}|has no room for {ns}], so the {n} lives with {his} "
        "{kin}. The {n2} may stay with {him}. {when}, the {n2} {did2}, and {he} [missed the {n} "
        "less|laughed for the first time that week|was not lonely]."
    ),
    (
        "The {adj} {n} and the {adj2} {n2} [share one basket|do not like each other|were found on the same "
        "day]. The {n} came from {town}, and the {n2} came from a farm near {town2}. {P} loves them both."
    ),
    (
        "Which is the better pet, the {n} or the {n2}? {P} says that a~{n} is {adj}. {Q} answers that "
        "a~{n2} is {adj2}. They [argue about it every week|will never agree|ask everyone they meet]."
    ),
    (
        "{P} moved to {town} with a~{n}, a~{n2} and two bags. The flat was small, but the {n} soon {did}. "
        "The {n2} needed more time. {when}, it {did2}, and {P} knew that it felt at home."
    ),
    (
        "The shop sells food for {ns}, {ns2} and {ns3}. {P} bought {eats} for the {n} and {eats2} for the "
        "{n2}. {he} forgot {his} own {meal} and ate {f} with {fwith} at the café."
    ),
    (
        "{Q} painted a picture of {qhis} {n}. The {n} would not sit still and {did}. So {qhe} painted the "
        "{n2} instead, which was {adj2} and asleep {at2}."
    ),
]

SURNAMES = "Brown, Miller, Novak, Rossi, Green, Larsen, Weber, Moreau, Silva, Kowalski, Adams, Berg, Costa, Field"
